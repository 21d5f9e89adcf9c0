// The few pictures on the controls, 24×24.

import { svg, type TemplateResult } from 'lit';

const icon = (path: string): TemplateResult =>
  svg`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><path fill="currentColor" d=${path}></path></svg>`;

export const kIcons = {
  play: icon('M8 5v14l11-7z'),
  pause: icon('M6 5h4v14H6zM14 5h4v14h-4z'),
  again: icon('M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z'),
  sound: icon('M3 9v6h4l5 5V4L7 9zM14 8v8a4.5 4.5 0 0 0 0-8zM14 3.2v2.1a7 7 0 0 1 0 13.4v2.1a9 9 0 0 0 0-17.6z'),
  muted: icon('M3 9v6h4l5 5V4L7 9zM21.5 9.9l-1.4-1.4-2.1 2.1-2.1-2.1-1.4 1.4 2.1 2.1-2.1 2.1 1.4 1.4 2.1-2.1 2.1 2.1 1.4-1.4-2.1-2.1z'),
  fullscreen: icon('M5 5h6v2H7v4H5zM13 5h6v6h-2V7h-4zM5 13h2v4h4v2H5zM17 13h2v6h-6v-2h4z'),
  window: icon('M9 5h2v6H5V9h4zM13 5h2v4h4v2h-6zM5 13h6v6H9v-4H5zM13 13h6v2h-4v4h-2z'),
  sources: icon('M4 5h16v4H4zM4 10.5h16v4H4zM4 16h16v4H4zM6 6.5v1h2v-1zM6 12v1h2v-1zM6 17.5v1h2v-1z'),
};
