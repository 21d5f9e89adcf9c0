// The titles a service worker has open: from a page's request, or from IndexedDB when the browser stopped the worker
// in between. The three read last stay in memory.

import { systemClock } from '../core/clock';
import { kErrors, WeirError } from '../core/errors';
import { decodeFastStart, decodeHeader, type HeaderFile } from '../core/header_file';
import { kStoreBytes } from '../core/piece_store';
import { asError, TitleLoader } from '../core/title_loader';
import { TitleSource } from '../core/title_source';
import type { TitleRequest, TitleSummary, WorkerReport } from './messages';
import { summary } from './title_summary';
import { loadTitle, saveTitle, type SavedTitle } from './title_db';

const kMaxOpen = 3;
/** When nothing at all came for this long the page hears why. */
const kWarmMs = 10_000;
const kWarmBytes = 64 << 10;

const fetchFn = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);

interface Open {
  source: TitleSource;
  header: HeaderFile;
  edges: string[];
}

export class Titles {
  private readonly open = new Map<string, Promise<Open>>();

  constructor(private readonly instance: string) {}

  /** Opens a title for a page: after this its first bytes are here, so that the element's first request cannot fail. */
  async prepare(request: TitleRequest): Promise<TitleSummary> {
    const loader = new TitleLoader(request.title, request.edges, request.token, fetchFn, systemClock);
    const { header, bytes, rest } = await loader.header();
    const id = idOf(request.title, header.info.revision);
    const before = await this.open.get(id)?.catch(() => undefined);
    let opened = before;
    if (before && before.edges.join() === request.edges.join()) {
      before.source.renew(request.token);
      await this.resave(id, request.token);
    } else {
      before?.source.stop();
      const contentKey = await loader.contentKey(header);
      const saved: SavedTitle = { id, header: bytes, contentKey, edges: request.edges, token: request.token, savedAt: Date.now() };
      opened = await this.put(id, this.openSaved(saved, header, rest));
      await saveTitle(saved);
    }
    await warm(opened!.source);
    return summary(header);
  }

  /** The source of a virtual address; undefined when no page ever prepared it here. */
  async find(title: string, revision: string): Promise<TitleSource | undefined> {
    return (await this.get(idOf(title, revision)))?.source;
  }

  /** Of a title in memory only: a page that merely asks must not push out one that is being watched. */
  async report(title: string, revision: string): Promise<WorkerReport> {
    const found = await this.open.get(idOf(title, revision));
    if (!found) throw new WeirError(kErrors.notFound, 'the title is not open');
    const report = found.source.report();
    const origins = report.sources.map(([piece, first, end, edge]): [number, number, number] => [
      ...found.source.bytesOf(piece, first, end),
      edge,
    ]);
    return { ...report, instance: this.instance, origins };
  }

  private async get(id: string): Promise<Open | undefined> {
    const here = this.open.get(id);
    if (here) {
      this.open.delete(id);
      this.open.set(id, here);
      return here;
    }
    const saved = await loadTitle(id);
    // Two requests may come at once after a restart: the first one opens.
    return this.open.get(id) ?? (saved ? this.put(id, this.revive(saved)) : undefined);
  }

  private put(id: string, opening: Promise<Open>): Promise<Open> {
    this.open.delete(id);
    this.open.set(id, opening);
    opening.catch(() => this.open.delete(id));
    for (const [oldest, other] of this.open) {
      if (this.open.size <= kMaxOpen) break;
      this.open.delete(oldest);
      void other.then((o) => o.source.stop());
    }
    return opening;
  }

  private async revive(saved: SavedTitle): Promise<Open> {
    const header = decodeFastStart(saved.header);
    if (!header) throw new WeirError(kErrors.headerTruncated, 'what was saved of the header is too short');
    const loader = new TitleLoader(header.info.title, saved.edges, saved.token, fetchFn, systemClock);
    const { size } = sizeOf(saved);
    const rest = header.complete ? undefined : () => loader.rest(saved.header, size);
    return this.openSaved(saved, header, rest);
  }

  private async openSaved(
    saved: SavedTitle,
    header: HeaderFile,
    rest: (() => Promise<SavedTitle['header']>) | undefined,
  ): Promise<Open> {
    const access = { edges: saved.edges, token: saved.token, contentKey: saved.contentKey };
    const source = await TitleSource.open(header, access, fetchFn, systemClock, storeBytes());
    if (rest) void this.completeLater(source, saved, rest);
    return { source, header, edges: saved.edges };
  }

  /** Playing has begun from the fast start; the rest of the header follows, as often as it takes. */
  private async completeLater(source: TitleSource, saved: SavedTitle, rest: () => Promise<SavedTitle['header']>): Promise<void> {
    for (let wait = 500; ; wait = Math.min(2 * wait, 10_000)) {
      try {
        const whole = await rest();
        source.complete(decodeHeader(whole));
        await saveTitle({ ...saved, header: whole });
        return;
      } catch {
        if (this.open.size === 0) return;
        await new Promise<void>((resolve) => systemClock.after(wait, resolve));
      }
    }
  }

  private async resave(id: string, token: string): Promise<void> {
    const saved = await loadTitle(id);
    if (saved) await saveTitle({ ...saved, token, savedAt: Date.now() });
  }
}

/** Half on a small device. Only Chromium tells. */
function storeBytes(): number {
  const { deviceMemory = 8 } = navigator as { deviceMemory?: number };
  return deviceMemory < 4 ? kStoreBytes / 2 : kStoreBytes;
}

function idOf(title: string, revision: string): string {
  return `${title}/${revision}`;
}

function sizeOf(saved: SavedTitle): { size: number } {
  const view = new DataView(saved.header.buffer, saved.header.byteOffset);
  return { size: Number(view.getBigUint64(12)) };
}

/** Reads the first bytes, or says why they do not come. */
async function warm(source: TitleSource): Promise<void> {
  const reader = source.read(0);
  let timer: (() => void) | undefined;
  const late = new Promise<'late'>((resolve) => {
    let before = -1;
    const look = (): void => {
      const now = source.report().edges.reduce((n, e) => n + e.bytes, 0);
      if (now === before) return resolve('late');
      before = now;
      timer = systemClock.after(kWarmMs, look);
    };
    look();
  });
  try {
    for (let got = 0; got < Math.min(kWarmBytes, source.size); ) {
      const chunk = await Promise.race([reader.next(kWarmBytes - got), late]);
      if (chunk === 'late' || !chunk) throw whyNot(source);
      got += chunk.length;
    }
  } finally {
    timer?.();
    reader.cancel();
  }
}

function whyNot(source: TitleSource): WeirError {
  const { state, refusal } = source.report();
  if (state === 'refused' && refusal) return asError(refusal);
  if (state === 'damaged') return new WeirError(kErrors.pieceCorrupt, 'every edge sent wrong bytes');
  if (state === 'missing') return new WeirError(kErrors.pieceMissing, 'a piece of the film is at no edge');
  return new WeirError(kErrors.originUnreachable, 'no edge sent the first bytes');
}
