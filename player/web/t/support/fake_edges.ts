// Edges that live in this process, as a fetch function, and a clock the test turns. Every edge serves the made titles by
// the real URLs and can be told to misbehave.

import type { Clock } from '../../src/core/clock';
import type { MadeTitle } from './make_title';
import type { Bytes } from '../../src/core/bytes';

export type Fault =
  | 'none'
  /** Connection refused. */
  | 'dead'
  /** Accepts, then nothing. */
  | 'frozen'
  /** Flips a byte of every piece. */
  | 'flips'
  /** 404 for every piece. */
  | 'empty'
  | 'expired'
  | 'html'
  /** 200 with everything, whatever was asked. */
  | 'ignores-range'
  /** Ends a little early. */
  | 'short'
  | 'error-500';

export interface Asked {
  edge: string;
  path: string;
  range: string | null;
  token: string | undefined;
}

export class FakeEdges {
  readonly asked: Asked[] = [];
  aborted = 0;
  /** Requests under way, now and at most, in all and by edge. */
  private readonly running = new Map<string, number>();
  peak = 0;
  peakPerEdge = 0;
  private readonly faults = new Map<string, Fault>();
  /** Called before an answer's body goes on. */
  chunkBytes = 64 << 10;

  constructor(
    private readonly titles: MadeTitle[],
    readonly urls: string[] = ['http://edge1', 'http://edge2'],
    private readonly token = 'secret',
  ) {}

  set(edge: string, fault: Fault): void {
    this.faults.set(edge, fault);
  }

  pieceRequests(): Asked[] {
    return this.asked.filter((a) => a.path.startsWith('/p/'));
  }

  readonly fetch = async (address: string, init: RequestInit): Promise<Response> => {
    const url = new URL(address);
    const [, token, path] = /^(?:\/~([^/]+))?(\/.*)$/.exec(url.pathname)!;
    const edge = url.origin;
    const range = new Headers(init.headers).get('range');
    this.asked.push({ edge, path: path!, range, token });
    const fault = this.faults.get(edge) ?? 'none';
    const signal = init.signal!;
    if (fault === 'dead' || !this.urls.includes(edge)) throw new TypeError('Failed to fetch');
    this.count(edge, 1);
    const ended = once(() => this.count(edge, -1));
    signal.addEventListener('abort', () => {
      this.aborted++;
      ended();
    });
    if (fault === 'frozen') return new Promise((_, reject) => signal.addEventListener('abort', () => reject(abortError())));
    await Promise.resolve();
    if (fault === 'expired' || token !== this.token) {
      ended();
      return problem(token === undefined ? 401 : 403, token === undefined ? 1 : 12, 'The token has expired.');
    }
    if (fault === 'html') {
      ended();
      return new Response('<html>log in</html>', { headers: { 'content-type': 'text/html' } });
    }
    if (fault === 'error-500') {
      ended();
      return new Response('oops', { status: 500 });
    }
    return this.serve(path!, range, fault, signal, ended);
  };

  private count(edge: string, by: number): void {
    this.running.set(edge, (this.running.get(edge) ?? 0) + by);
    this.peakPerEdge = Math.max(this.peakPerEdge, this.running.get(edge)!);
    this.peak = Math.max(this.peak, [...this.running.values()].reduce((a, b) => a + b, 0));
  }

  private serve(path: string, range: string | null, fault: Fault, signal: AbortSignal, ended: () => void): Response {
    const found = this.find(path);
    if (!found || (fault === 'empty' && path.startsWith('/p/'))) {
      ended();
      return problem(404, 202, 'not found');
    }
    const piece = path.startsWith('/p/');
    const m = fault === 'ignores-range' ? null : /^bytes=(\d+)-(\d+)$/.exec(range ?? '');
    const from = m ? Number(m[1]) : 0;
    const to = m ? Math.min(Number(m[2]) + 1, found.length) : found.length;
    let body = found.slice(from, to);
    if (piece && fault === 'flips') body[10]! ^= 1;
    if (piece && fault === 'short') body = body.slice(0, -7);
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (signal.aborted) return controller.error(abortError());
        if (at >= body.length) {
          ended();
          return controller.close();
        }
        controller.enqueue(body.slice(at, at + this.chunkBytes));
        at += this.chunkBytes;
      },
      cancel: () => ended(),
    });
    const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
    if (m) headers['content-range'] = `bytes ${from}-${to - 1}/${found.length}`;
    return new Response(stream, { status: m ? 206 : 200, headers });
  }

  private find(path: string): Bytes | undefined {
    for (const t of this.titles) {
      if (path === `/t/${t.title}/header.enp`) return t.header;
      if (path === `/t/${t.title}/key`) return t.contentKey;
      const piece = path.startsWith('/p/') ? t.pieces.get(path.slice(3)) : undefined;
      if (piece) return piece;
    }
    return undefined;
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

function abortError(): Error {
  return new DOMException('aborted', 'AbortError');
}

function problem(status: number, code: number, detail: string): Response {
  const headers = { 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify({ type: 'urn:weir:error:x', status, code, detail }), { status, headers });
}

/** Time stands still until the test moves it. */
export class ManualClock implements Clock {
  private time = 1_000;
  private timers: { at: number; fn: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.time + ms, fn };
    this.timers.push(timer);
    return () => (this.timers = this.timers.filter((t) => t !== timer));
  }

  /** Moves on, letting everything that can happen happen after each timer. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.time = Math.max(this.time, next.at);
      next.fn();
    }
    this.time = end;
    await settle();
  }
}

// WebCrypto answers from threads, whenever those get a turn: count what it has not answered yet.
let pendingCrypto = 0;
for (const name of ['decrypt', 'deriveBits', 'digest', 'encrypt', 'importKey'] as const) {
  const original = crypto.subtle[name].bind(crypto.subtle) as (...args: unknown[]) => Promise<unknown>;
  const counted = (...args: unknown[]): Promise<unknown> => {
    pendingCrypto++;
    return original(...args).finally(() => pendingCrypto--);
  };
  Object.defineProperty(crypto.subtle, name, { value: counted, configurable: true });
}

/** Until promises, streams and WebCrypto's threads have nothing more to say, however busy the machine is. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 16; quiet = pendingCrypto > 0 ? 0 : quiet + 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
