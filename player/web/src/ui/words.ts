// What viewers read when something is wrong: what happened, and what they can do. No jargon, no token, no key.

import type { Trouble } from '../browser/playback';

export interface Words {
  heading: string;
  text: string;
  /** Trying again may help. */
  retry: boolean;
  /** Another player may play it. */
  otherPlayer: boolean;
}

const kRetry = { retry: true, otherPlayer: false };
const kNoRetry = { retry: false, otherPlayer: false };

export function wordsFor(trouble: Trouble, title: string): Words {
  switch (trouble.kind) {
    case 'no-token':
      return {
        heading: 'This film needs a viewing token',
        text: 'The link you opened carries none. Ask whoever sent it for the complete link.',
        ...kNoRetry,
      };
    case 'token-expired':
      return {
        heading: 'Your viewing token has expired',
        text: 'Go back to the page that led you here and open the film again to get a new one.',
        ...kNoRetry,
      };
    case 'token-refused':
      return { heading: 'Your viewing token was refused', text: refusedText(trouble.code), ...kNoRetry };
    case 'no-title':
      return {
        heading: 'There is no such film here',
        text: `“${title}” is at none of the servers. Check the address, or ask whoever sent it.`,
        ...kRetry,
      };
    case 'unreachable':
      return {
        heading: 'No video server can be reached',
        text: 'None of the servers for this film answers. Check your network connection, then try again.',
        ...kRetry,
      };
    case 'format':
      return {
        heading: 'This browser cannot play this format',
        text: `The film is ${formatName(trouble.detail)}. Another browser or a media player may play it.`,
        retry: false,
        otherPlayer: true,
      };
    case 'no-picture':
      return {
        heading: 'Sound only: this browser cannot show the picture',
        text: `The film is ${formatName(trouble.detail)}. Another browser or a media player may show it.`,
        retry: false,
        otherPlayer: true,
      };
    case 'damaged':
      return {
        heading: 'A part of this film is damaged or missing',
        text: 'No server has a good copy of it right now. Playing goes on as soon as one has.',
        ...kRetry,
      };
    case 'key':
      return {
        heading: 'This film cannot be unlocked',
        text: 'It is protected, and the servers gave no key that fits. Tell whoever runs this service.',
        ...kRetry,
      };
    case 'header':
      return {
        heading: 'This film cannot be opened',
        text: 'Its header file is damaged or too new for this player. Tell whoever runs this service.',
        ...kRetry,
      };
    case 'reconnecting':
      return { heading: 'Reconnecting…', text: 'The video servers do not answer. Trying again by itself.', ...kNoRetry };
    case 'internal':
      return { heading: 'The player failed', text: 'Reload the page. If it happens again, please report it.', ...kRetry };
  }
}

function refusedText(code: number): string {
  switch (code) {
    case 11:
      return 'It is not valid yet. Check the clock of this device, or try again later.';
    case 13:
      return 'It is for another film.';
    case 14:
      return 'It does not allow playing this film.';
    case 17:
      return 'It was revoked. Sign in again where you got it.';
    default:
      return 'Go back to the page that led you here and open the film again to get a new one.';
  }
}

/** "mkv (hevc, opus): DEMUXER_ERROR…" without what only engineers want. */
function formatName(detail: string): string {
  return detail.split(':')[0]?.trim() || 'in a format it does not know';
}
