// One request for records [first, end) of a piece, at one edge: checks what comes before anyone uses it, hands out
// whole stored records in order, and gives up when nothing comes for too long.

import type { Bytes } from './bytes';
import type { Clock } from './clock';
import { kErrors, WeirError } from './errors';
import { kRecordBytes, kRecordTagBytes, type Piece } from './header_file';
import { readProblem, RefusedError } from './problem';

export type FetchFn = (url: string, init: RequestInit) => Promise<Response>;

export interface RecordOpener {
  openRecord(counter: number, stored: Bytes): Promise<Bytes>;
}

/** Nothing came in time. */
export class StallError extends Error {}

/** Something came, and it is not this piece: another length, another range, a web page. */
export class WrongBytes extends Error {}

/** No custom headers and no credentials, so that no browser asks for permission first; no Referer. */
export const kFetchInit: RequestInit = {
  mode: 'cors',
  credentials: 'omit',
  // The browser's cache lets only one range of an address be under way at a time.
  cache: 'no-store',
  referrerPolicy: 'no-referrer',
  redirect: 'follow',
};

export interface RecordRequest {
  url: string;
  piece: Piece;
  first: number;
  end: number;
  fetchFn: FetchFn;
  clock: Clock;
  abort: AbortController;
  firstByteMs: number;
  idleMs(): number;
  onAnswer(): void;
  /** Gets a function that shortens the wait under way: somebody now needs what comes. */
  onWatch(hurry: (ms: number) => void): void;
  /** Awaited before more is read. */
  onRecord(record: number, stored: Bytes): Promise<void>;
}

export async function fetchRecords(q: RecordRequest): Promise<void> {
  const step = q.piece.sealed ? kRecordBytes + kRecordTagBytes : kRecordBytes;
  const from = q.first * step;
  const to = Math.min(q.end * step, q.piece.storedBytes);
  const whole = from === 0 && to === q.piece.storedBytes;
  const headers = whole ? {} : { Range: `bytes=${from}-${to - 1}` };
  const watch = new Watch(q);
  q.onWatch((ms) => watch.hurry(ms));
  try {
    watch.arm(q.firstByteMs);
    const response = await watch.race(q.fetchFn(q.url, { ...kFetchInit, headers, signal: q.abort.signal }));
    q.onAnswer();
    const start = await checkAnswer(response, q, from, to);
    const body = response.body?.getReader();
    if (!body) throw new WrongBytes('an answer without a body');
    try {
      await readRecords(q, watch, body, start / step, to, step);
    } finally {
      body.cancel().catch(() => undefined);
    }
  } finally {
    watch.disarm();
  }
}

/** The stored offset at which the body starts. */
async function checkAnswer(response: Response, q: RecordRequest, from: number, to: number): Promise<number> {
  const { status } = response;
  if (status === 401 || status === 403) throw new RefusedError(await readProblem(response));
  if (status === 404 || status === 410) throw new WeirError(kErrors.notFound, 'this edge has no such piece');
  if (status !== 200 && status !== 206) throw new WeirError(kErrors.originStatus, `the edge answered ${status}`);
  if (/^text\/html/i.test(response.headers.get('content-type') ?? '')) throw new WrongBytes('a web page came instead');
  const length = response.headers.get('content-length');
  if (status === 200) {
    // An edge that ignores Range sends all of it: what lies before is of use too.
    if (length !== null && Number(length) !== q.piece.storedBytes) throw new WrongBytes(`${length} bytes came instead`);
    return 0;
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  if (range && (Number(range[1]) !== from || (range[3] !== '*' && Number(range[3]) !== q.piece.storedBytes)))
    throw new WrongBytes('another range came');
  if (length !== null && Number(length) !== to - from) throw new WrongBytes(`${length} bytes came instead`);
  return from;
}

async function readRecords(
  q: RecordRequest,
  watch: Watch,
  body: ReadableStreamDefaultReader<Uint8Array>,
  firstRecord: number,
  to: number,
  step: number,
): Promise<void> {
  let record = firstRecord;
  let at = record * step;
  let buffer = new Uint8Array(Math.min(step, q.piece.storedBytes - at));
  let filled = 0;
  while (at < to) {
    watch.arm(q.idleMs());
    const { done, value } = await watch.race(body.read());
    watch.disarm();
    if (done) throw new WrongBytes('the answer ended early');
    for (let used = 0; used < value.length; ) {
      if (at >= to) {
        if (to === q.piece.storedBytes) throw new WrongBytes('more bytes came than the piece has');
        return; // the rest of a whole answer that was not asked for
      }
      const n = Math.min(buffer.length - filled, value.length - used);
      buffer.set(value.subarray(used, used + n), filled);
      filled += n;
      used += n;
      if (filled < buffer.length) continue;
      await q.onRecord(record, buffer);
      record++;
      at += filled;
      buffer = new Uint8Array(Math.max(0, Math.min(step, q.piece.storedBytes - at)));
      filled = 0;
    }
  }
}

/** Aborts the request when nothing comes; a timer that itself ran late proves nothing and is set once more. */
class Watch {
  private cancel: (() => void) | undefined;
  private readonly stalled: Promise<never>;
  private reject!: (e: Error) => void;

  constructor(private readonly q: RecordRequest) {
    this.stalled = new Promise<never>((_, reject) => (this.reject = reject));
    this.stalled.catch(() => undefined);
  }

  arm(ms: number): void {
    this.disarm();
    const due = this.q.clock.now() + ms;
    this.cancel = this.q.clock.after(ms, () => {
      const late = this.q.clock.now() - due > 200;
      if (late) this.arm(Math.min(ms, 400));
      else {
        this.reject(new StallError(`nothing came for ${Math.round(ms)} ms`));
        this.q.abort.abort();
      }
    });
  }

  hurry(ms: number): void {
    if (this.cancel) this.arm(ms);
  }

  disarm(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.stalled]);
  }
}
