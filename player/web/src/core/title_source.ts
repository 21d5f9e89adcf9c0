// A title, open for reading: hands out plain bytes of its file from any place to several readers, in order, and keeps
// the fetcher told where they are. One thread, no DOM.
//
// A reader that is cancelled stays a ghost for three seconds: media elements give up requests and ask again a little
// further on, and what was being fetched is what they will want. A new reader far away ends ghosts at once: a seek.

import type { Bytes } from './bytes';
import type { Clock } from './clock';
import { kErrors, WeirError } from './errors';
import { kAheadAfterBytes, kPiecesAhead, type ReaderView } from './fetch_schedule';
import { kMaxPieceBytes, kMediaHeaderIndex, kRecordBytes, type HeaderFile, type Piece } from './header_file';
import { PieceCipher } from './piece_cipher';
import { PieceFetcher, type FetcherReport } from './piece_fetcher';
import type { FetchFn, RecordOpener } from './piece_request';
import { kStoreBytes, PieceStore } from './piece_store';
import { TitleReader } from './title_reader';

export const kGhostMs = 3_000;
/** Nobody pulled for this long: as good as cancelled (Firefox long did not say so). */
const kIdleMs = 10_000;
const kMaxCiphers = 16;

export interface TitleAccess {
  edges: readonly string[];
  token: string;
  contentKey: CryptoKey | undefined;
}

export interface SourceReport extends FetcherReport {
  /** Byte runs [first, end) of the file that are here. */
  held: [first: number, end: number][];
  heldBytes: number;
}

interface Place {
  at: number;
  deliveredBytes: number;
  /** Has got nothing from a piece yet. */
  fresh: boolean;
  ghostSince: number | undefined;
  pulledAt: number;
  /** In the middle of a pull. */
  waiting: boolean;
}

export class TitleSource {
  private reader: TitleReader;
  private readonly store: PieceStore;
  private readonly fetcher: PieceFetcher;
  private places: Place[] = [];
  private waiters: (() => void)[] = [];
  private readonly ciphers = new Map<number, Promise<PieceCipher>>();
  private cancelSweep: (() => void) | undefined;

  private constructor(
    private header: HeaderFile,
    private readonly access: TitleAccess,
    private readonly mediaHeader: Bytes,
    fetchFn: FetchFn,
    private readonly clock: Clock,
    storeBytes: number,
  ) {
    this.reader = new TitleReader(header, 'file');
    const largest = this.pieces().reduce((n, p) => Math.max(n, p.plainBytes), 0);
    // A piece that can only be checked whole must fit beside the one being read.
    const capacity = Math.max(storeBytes, 3 * Math.min(largest, kMaxPieceBytes));
    this.store = new PieceStore(capacity);
    this.fetcher = new PieceFetcher(
      {
        pieces: () => this.pieces(),
        opener: (i) => this.opener(i),
        hash: (i) => this.hash(i),
      },
      this.store,
      capacity / 2,
      access.edges,
      access.token,
      fetchFn,
      clock,
      () => this.wake(),
    );
  }

  /** Opens the media header too, so that whoever gets a source knows that the key fits. */
  static async open(
    header: HeaderFile,
    access: TitleAccess,
    fetchFn: FetchFn,
    clock: Clock,
    storeBytes = kStoreBytes,
  ): Promise<TitleSource> {
    const mh = header.mediaHeader;
    let plain: Bytes = mh?.payload ?? new Uint8Array(0);
    if (mh?.sealed) {
      const cipher = await makeCipher(header, access, mh.id, kMediaHeaderIndex, mh.plainBytes);
      cipher.checkCommitment(mh.commitment);
      plain = await cipher.open(mh.payload);
    }
    return new TitleSource(header, access, plain, fetchFn, clock, storeBytes);
  }

  get info(): HeaderFile['info'] {
    return this.header.info;
  }
  get size(): number {
    return this.reader.size;
  }

  /** The rest of a header that was opened from its fast start. Must be of the same revision. */
  complete(header: HeaderFile): void {
    if (header.info.revision !== this.header.info.revision)
      throw new WeirError(kErrors.headerCorrupt, 'the rest of the header is of another revision');
    this.header = header;
    this.reader = new TitleReader(header, 'file');
    this.wake();
  }

  renew(token: string): void {
    this.fetcher.renew(token);
  }

  /** Starts reading at `at`. */
  read(at: number): SourceReader {
    const now = this.clock.now();
    this.sweep();
    const before = this.places.find((p) => p.ghostSince !== undefined && this.follows(p.at, at));
    // It reads on where another stopped: what that one proved still holds.
    const deliveredBytes = before && Math.abs(before.at - at) <= kAheadAfterBytes ? before.deliveredBytes : 0;
    this.places = this.places.filter((p) => p.ghostSince === undefined || this.follows(p.at, at));
    const place: Place = { at, deliveredBytes, ghostSince: undefined, pulledAt: now, waiting: false, fresh: true };
    this.places.push(place);
    return new SourceReader(this, place);
  }

  report(): SourceReport {
    const held: [number, number][] = [];
    for (const index of [...this.store.pieces()].sort((a, b) => a - b)) {
      const piece = this.pieces()[index]!;
      for (const [first, end] of this.store.runs(index, Math.ceil(piece.plainBytes / kRecordBytes))) {
        const to = piece.offset + Math.min(end * kRecordBytes, piece.plainBytes);
        held.push([piece.offset + first * kRecordBytes, to]);
      }
    }
    return { ...this.fetcher.report(), held, heldBytes: this.store.usedBytes };
  }

  /** Bytes [first, end) of the file that records [first, end) of a piece hold. */
  bytesOf(piece: number, firstRecord: number, endRecord: number): [number, number] {
    const p = this.pieces()[piece]!;
    return [p.offset + firstRecord * kRecordBytes, p.offset + Math.min(endRecord * kRecordBytes, p.plainBytes)];
  }

  stop(): void {
    this.places = [];
    this.cancelSweep?.();
    this.fetcher.stop();
    this.wake();
  }

  // ---- for SourceReader

  /** Up to `want` bytes at the place, as soon as there are any; undefined at the end or when it was cancelled. */
  async pull(place: Place, want: number): Promise<Bytes | undefined> {
    for (;;) {
      if (!this.places.includes(place) || place.ghostSince !== undefined) return undefined;
      if (place.at >= this.size) return undefined;
      place.pulledAt = this.clock.now();
      const found = this.at(place.at, want);
      if (found) {
        if (!this.reader.spanAt(place.at, 1)?.inMediaHeader) place.fresh = false;
        place.at += found.length;
        place.deliveredBytes += found.length;
        this.tell();
        return found;
      }
      const woken = new Promise<void>((resolve) => this.waiters.push(resolve));
      place.waiting = true;
      this.tell();
      await woken;
      place.waiting = false;
    }
  }

  cancel(place: Place): void {
    place.ghostSince ??= this.clock.now();
    this.wake();
    this.tell();
    this.cancelSweep?.();
    this.cancelSweep = this.clock.after(kGhostMs + 10, () => {
      this.sweep();
      this.tell();
    });
  }

  // ---- inside

  private at(at: number, want: number): Bytes | undefined {
    const span = this.reader.spanAt(at, want);
    if (!span) return undefined;
    if (span.inMediaHeader) return this.mediaHeader.subarray(span.plainOffset, span.plainOffset + span.length);
    const record = Math.floor(span.plainOffset / kRecordBytes);
    const plain = this.store.get(span.pieceIndex, record);
    const from = span.plainOffset - record * kRecordBytes;
    return plain?.subarray(from, Math.min(from + span.length, plain.length));
  }

  private pieces(): readonly Piece[] {
    return this.header.renditions.find((r) => r.kind === 'file')!.pieces;
  }

  private follows(from: number, to: number): boolean {
    const a = this.reader.pieceAtOrAfter(from);
    const b = this.reader.pieceAtOrAfter(to);
    return b >= a - 1 && b <= a + kPiecesAhead;
  }

  private sweep(): void {
    const now = this.clock.now();
    this.places = this.places.filter((p) => p.ghostSince === undefined || now - p.ghostSince < kGhostMs);
  }

  private tell(): void {
    const now = this.clock.now();
    const views = this.places.map((p): ReaderView => {
      const piece = this.reader.pieceAtOrAfter(p.at);
      const start = this.pieces()[piece]?.offset ?? p.at;
      const record = Math.max(0, Math.floor((p.at - start) / kRecordBytes));
      const ghost = p.ghostSince !== undefined || (!p.waiting && now - p.pulledAt > kIdleMs);
      return { piece, record, deliveredBytes: p.deliveredBytes, fresh: p.fresh, ghost };
    });
    // The newest request is what the viewer looks at.
    this.fetcher.want(views.reverse());
  }

  private wake(): void {
    const all = this.waiters;
    this.waiters = [];
    for (const resolve of all) resolve();
  }

  private async opener(index: number): Promise<RecordOpener> {
    let cipher = this.ciphers.get(index);
    if (!cipher) {
      const piece = this.pieces()[index]!;
      cipher = makeCipher(this.header, this.access, piece.id, index, piece.plainBytes).then((c) => {
        c.checkCommitment(piece.commitment!);
        return c;
      });
      this.ciphers.set(index, cipher);
      const oldest = this.ciphers.keys().next().value!;
      if (this.ciphers.size > kMaxCiphers) this.ciphers.delete(oldest);
    }
    return cipher;
  }

  private async hash(index: number): Promise<Bytes> {
    for (;;) {
      const hash = this.pieces()[index]!.sha256;
      if (hash) return hash;
      await new Promise<void>((resolve) => this.waiters.push(resolve));
    }
  }
}

async function makeCipher(
  header: HeaderFile,
  access: TitleAccess,
  piece: string,
  index: number,
  plainBytes: number,
): Promise<PieceCipher> {
  if (!access.contentKey) throw new WeirError(kErrors.keyMissing, 'the title is protected and no content key was given');
  const { title, protection } = header.info;
  return PieceCipher.create(access.contentKey, { title, kid: protection.kid!, piece, index, plainBytes });
}

/** One reader of a source. */
export class SourceReader {
  constructor(
    private readonly source: TitleSource,
    private readonly place: Place,
  ) {}

  /** The next bytes, at most `want`; undefined at the end or when cancelled. */
  async next(want: number): Promise<Bytes | undefined> {
    return this.source.pull(this.place, want);
  }

  /** Also when it has read what it wanted: what follows will be asked for soon. */
  cancel(): void {
    this.source.cancel(this.place);
  }
}
