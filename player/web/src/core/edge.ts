// One edge as the player sees it: where it is, how it has behaved, and whether to ask it now.

import type { EdgeUse } from './fetch_schedule';

export const kShunMs = 10_000;
const kMaxShunMs = 30_000;
/** When no other edge is left, a shunned one is tried again after this, doubling. */
const kRetryMs = 250;
const kMaxRetryMs = 5_000;

export interface Refusal {
  status: number;
  code: number;
  detail: string;
}

export interface EdgeReport {
  url: string;
  state: 'good' | 'shunned' | 'probing' | 'refused';
  bytes: number;
  /** Records (64 KiB) brought. */
  records: number;
  failures: number;
  stalls: number;
  damaged: number;
  missing: number;
  latencyMs: number;
}

export class Edge {
  /** It has answered at least once: later answers are waited for less patiently. */
  contacted = false;
  refusal: Refusal | undefined;
  latencyMs = 0;
  readonly counts = { bytes: 0, records: 0, failures: 0, stalls: 0, damaged: 0, missing: 0 };
  private inARow = 0;
  private shunUntil = 0;
  private retryAt = 0;

  /** `url` has no token and no slash at its end. */
  constructor(
    readonly url: string,
    private token: string,
  ) {}

  /** The address of something it serves: `path` starts with a slash. Holds the token: never shown. */
  address(path: string): string {
    return `${this.url}${this.token === '' ? '' : `/~${this.token}`}${path}`;
  }

  setToken(token: string): void {
    this.token = token;
    this.refusal = undefined;
    this.forgive();
  }

  forgive(): void {
    this.inARow = 0;
    this.shunUntil = 0;
    this.retryAt = 0;
  }

  use(now: number): EdgeUse {
    if (this.inARow === 0) return 'yes';
    if (now >= this.shunUntil) return 'probe';
    return now >= this.retryAt ? 'last' : 'no';
  }

  answered(ms: number): void {
    this.contacted = true;
    this.refusal = undefined;
    this.latencyMs = this.latencyMs === 0 ? ms : 0.7 * this.latencyMs + 0.3 * ms;
  }

  brought(bytes: number): void {
    this.counts.bytes += bytes;
    this.counts.records++;
    this.forgive();
  }

  failed(now: number): void {
    // Several jobs failing at once are one failure.
    if (now < this.retryAt) return;
    this.inARow++;
    this.shunUntil = now + Math.min(kShunMs * this.inARow, kMaxShunMs);
    this.retryAt = now + Math.min(kRetryMs * 2 ** (this.inARow - 1), kMaxRetryMs);
  }

  refused(now: number, refusal: Refusal): void {
    this.refusal = refusal;
    this.failed(now);
  }

  report(now: number): EdgeReport {
    const use = this.use(now);
    const state = this.refusal ? 'refused' : use === 'yes' ? 'good' : use === 'probe' ? 'probing' : 'shunned';
    return { url: this.url, state, latencyMs: Math.round(this.latencyMs), ...this.counts };
  }
}
