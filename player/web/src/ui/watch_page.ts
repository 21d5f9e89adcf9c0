// The page /watch/TITLE#token=…&edges=url,url. The token stays in the fragment: it is in no request, no log, no Referer,
// and never in the document's title.

import { isTitleId } from '../core/title_id';
import './source_panel';
import type { WeirSources } from './source_panel';
import './weir_player';
import type { WeirPlayer } from './weir_player';

const player = document.querySelector<WeirPlayer>('weir-player')!;
const sources = document.querySelector<WeirSources>('weir-sources')!;
const details = document.querySelector<HTMLDetailsElement>('details')!;
const heading = document.querySelector<HTMLElement>('#name')!;
const about = document.querySelector<HTMLElement>('#about')!;
const ask = document.querySelector<HTMLElement>('#ask')!;

function open(): void {
  const title = titleOfPath();
  const asked = new URLSearchParams(location.hash.slice(1));
  const known = isTitleId(title);
  ask.hidden = known;
  player.hidden = !known;
  details.hidden = !known;
  heading.textContent = known ? title : 'Which film?';
  document.title = known ? `${title} – Weir` : 'Weir';
  player.edges = (asked.get('edges') ?? '').split(',').filter(isEdge).join(',');
  player.token = asked.get('token') ?? '';
  player.titleId = known ? title : '';
}

/** The last segment of the path: the folder is wherever the page was installed. */
function titleOfPath(): string {
  try {
    return decodeURIComponent(location.pathname.slice(import.meta.env.BASE_URL.length)).replace(/\/$/, '');
  } catch {
    return '';
  }
}

function isEdge(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

player.addEventListener('weir-change', () => {
  const playback = player.current;
  sources.report = playback?.report;
  sources.bytes = playback?.title?.bytes ?? 0;
  sources.carrier = playback?.carrier;
  const info = playback?.title;
  if (!info) return;
  const name = info.name.replace(/\.[^.]{1,5}$/, '') || info.title;
  heading.textContent = name;
  document.title = `${name} – Weir`;
  const video = info.streams.find((s) => s.type === 'video');
  const size = video?.width && video.height ? `${video.width}×${video.height}` : '';
  about.textContent = [size, info.streams.map((s) => s.codec).join(', '), info.mime].filter(Boolean).join(' · ');
});
player.addEventListener('weir-sources', () => {
  details.open = !details.open;
  if (details.open) details.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
});
// A new token for the same page arrives as a new fragment.
addEventListener('hashchange', open);
open();
// Keys work without a click on the player first.
document.addEventListener('keydown', (e) => {
  if (e.target === document.body) player.handleKey(e);
});
