// Gets what is needed before a title can be read: its header file and its content key, from whichever edge answers.
// One thread, no DOM.

import { concatBytes, equalBytes, type Bytes } from './bytes';
import type { Clock } from './clock';
import type { Refusal } from './edge';
import { isTokenError, kErrors, WeirError } from './errors';
import { decodeFastStart, decodeHeader, decodePreamble, kFastStartTarget, type HeaderFile } from './header_file';
import { contentKeyId, importContentKey } from './piece_cipher';
import { kFetchInit, type FetchFn } from './piece_request';
import { readProblem } from './problem';

/** Another edge is asked as well when one has not answered after this. */
const kHedgeMs = 1_500;
/** Nothing came for this long: no answer will come. */
const kIdleMs = 8_000;

export interface LoadedHeader {
  header: HeaderFile;
  /** What `header` was decoded from. */
  bytes: Bytes;
  /** The whole file, when `bytes` is only its start. */
  rest: (() => Promise<Bytes>) | undefined;
}

export class TitleLoader {
  constructor(
    private readonly title: string,
    private readonly edges: readonly string[],
    private readonly token: string,
    private readonly fetchFn: FetchFn,
    private readonly clock: Clock,
  ) {}

  /** One request of 64 KiB is enough to start playing. */
  async header(): Promise<LoadedHeader> {
    const first = await this.get('header.enp', [0, kFastStartTarget - 1], decodePreamble);
    const { size, fastStartBytes } = decodePreamble(first);
    let bytes = first;
    if (bytes.length < size && bytes.length < fastStartBytes)
      bytes = concatBytes(bytes, await this.get('header.enp', [bytes.length, fastStartBytes - 1]));
    const header = decodeFastStart(bytes);
    if (!header) throw new WeirError(kErrors.headerTruncated, 'the edge sent less of the header than was asked for');
    if (header.info.title !== this.title)
      throw new WeirError(kErrors.headerCorrupt, 'the edge sent the header of another title');
    return { header, bytes, rest: header.complete ? undefined : () => this.rest(bytes, size) };
  }

  /** The whole header file, given its start. */
  async rest(start: Bytes, size: number): Promise<Bytes> {
    const more = await this.get('header.enp', [start.length, size - 1], (b) => decodeHeader(concatBytes(start, b)));
    return concatBytes(start, more);
  }

  /** The content key of a protected title, checked against the header's key id; undefined for an open title. */
  async contentKey(header: HeaderFile): Promise<CryptoKey | undefined> {
    const { policy, kid } = header.info.protection;
    if (policy === 'none' || !kid) return undefined;
    let key: CryptoKey | undefined;
    const raw = await this.get('key', undefined, async (bytes) => {
      key = await importContentKey(bytes);
      if (!equalBytes(await contentKeyId(key), kid))
        throw new WeirError(kErrors.keyWrong, "the content key the edge gave is not this title's");
    });
    raw.fill(0);
    return key;
  }

  /** Whether any edge would serve the plain file: its refusal as a WeirError when none does. */
  async probe(path: string): Promise<void> {
    await this.get(path, [0, 0]);
  }

  /**
   * The first answer that `check` lets pass: edges in their order, the next one as soon as one fails, or sends nothing for
   * a while.
   */
  private async get(path: string, range?: [number, number], check: (b: Bytes) => unknown = () => true): Promise<Bytes> {
    const abort = new AbortController();
    const failures: unknown[] = [];
    const tries: Promise<Bytes>[] = [];
    try {
      for (const edge of this.edges) {
        let moveOn!: () => void;
        const turn = new Promise<undefined>((resolve) => (moveOn = () => resolve(undefined)));
        const cancel = this.clock.after(kHedgeMs, moveOn);
        const attempt = this.ask(edge, path, range, abort.signal, cancel).then(async (bytes) => {
          await check(bytes);
          return bytes;
        });
        tries.push(attempt);
        attempt.catch((e: unknown) => {
          failures.push(e);
          moveOn();
        });
        const winner = await Promise.race([attempt.catch(() => undefined), turn]);
        cancel();
        if (winner) return winner;
      }
      return await Promise.any(tries);
    } catch {
      throw worst(failures);
    } finally {
      abort.abort();
    }
  }

  private async ask(
    edge: string,
    path: string,
    range: [number, number] | undefined,
    outer: AbortSignal,
    onBytes: () => void,
  ): Promise<Bytes> {
    const abort = new AbortController();
    outer.addEventListener('abort', () => abort.abort());
    let cancel = this.clock.after(kIdleMs, () => abort.abort());
    try {
      const url = `${edge}${this.token === '' ? '' : `/~${this.token}`}/t/${this.title}/${path}`;
      const headers = range ? { Range: `bytes=${range[0]}-${range[1]}` } : {};
      const response = await this.fetchFn(url, { ...kFetchInit, headers, signal: abort.signal });
      if (response.status !== 200 && response.status !== 206) throw asError(await readProblem(response));
      const parts: Bytes[] = [];
      const body = response.body?.getReader();
      for (;;) {
        const next = await body?.read();
        if (!next || next.done) break;
        onBytes();
        cancel();
        cancel = this.clock.after(kIdleMs, () => abort.abort());
        parts.push(next.value as Bytes);
      }
      const bytes = concatBytes(...parts);
      // Without Range support the whole file comes.
      return response.status === 200 && range ? bytes.slice(range[0], range[1] + 1) : bytes;
    } finally {
      cancel();
    }
  }
}

export function asError(refusal: Refusal): WeirError {
  return new WeirError(refusal.code, refusal.detail || `the edge answered ${refusal.status}`);
}

/** Of several edges' failures the one that says most: about the token, then about the title, then about the way. */
function worst(failures: unknown[]): WeirError {
  const known = failures.filter((e): e is WeirError => e instanceof WeirError);
  return (
    known.find((e) => isTokenError(e.code)) ??
    known[0] ??
    new WeirError(kErrors.originUnreachable, 'no edge could be reached')
  );
}
