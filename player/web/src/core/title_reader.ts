// "Give me bytes a..b of this film": turns a place in a rendition into the part that holds it. Pure arithmetic; whoever
// calls fetches, opens and joins the parts. The same as core/title/title_reader.h.

import {
  kRecordBytes,
  kRecordTagBytes,
  sealedLength,
  type ByteRange,
  type HeaderFile,
  type Piece,
  type RenditionKind,
} from './header_file';
import { kErrors, WeirError } from './errors';

/** A run of plain bytes that lies in one place. */
export interface TitleSpan {
  inMediaHeader: boolean;
  /** Meaningful when not in the media header. */
  pieceIndex: number;
  /** In the piece, or in the media header's plain bytes. */
  plainOffset: number;
  length: number;
}

/** The stored bytes to read so that a plain run can be opened: the run itself when not sealed, else whole records. */
export interface StoredSpan {
  offset: number;
  length: number;
  firstRecord: number;
  /** Plain bytes to drop from the first opened record. */
  skip: number;
}

export function storedSpan(sealed: boolean, totalPlain: number, plainOffset: number, length: number): StoredSpan {
  if (!sealed) return { offset: plainOffset, length, firstRecord: 0, skip: 0 };
  const stored = kRecordBytes + kRecordTagBytes;
  const firstRecord = Math.floor(plainOffset / kRecordBytes);
  const endRecord = Math.ceil((plainOffset + length) / kRecordBytes);
  const offset = firstRecord * stored;
  const end = Math.min(endRecord * stored, sealedLength(totalPlain));
  return { offset, length: end - offset, firstRecord, skip: plainOffset - firstRecord * kRecordBytes };
}

export class TitleReader {
  readonly size: number;
  private readonly pieces: readonly Piece[];
  private readonly ranges: readonly ByteRange[];
  private readonly rangeStarts: number[] = [];

  constructor(header: HeaderFile, kind: RenditionKind) {
    const rendition = header.renditions.find((r) => r.kind === kind);
    if (!rendition) throw new WeirError(kErrors.noSuchRendition, `the title has no '${kind}' rendition`);
    this.size = rendition.bytes;
    this.pieces = rendition.pieces;
    this.ranges = kind === 'file' ? (header.mediaHeader?.ranges ?? []) : [];
    let at = 0;
    for (const range of this.ranges) {
      this.rangeStarts.push(at);
      at += range.length;
    }
  }

  /**
   * The run that holds plain byte `at`, cut at `at + want`; undefined at or past the end (or, in a fast start, past
   * the pieces known so far). O(log pieces).
   */
  spanAt(at: number, want: number): TitleSpan | undefined {
    if (at < 0 || at >= this.size || want < 1) return undefined;
    const ri = lastAtOrBefore(this.ranges, at);
    const range = this.ranges[ri];
    if (range && at < range.offset + range.length) {
      const into = at - range.offset;
      const length = Math.min(want, range.length - into);
      return { inMediaHeader: true, pieceIndex: 0, plainOffset: this.rangeStarts[ri]! + into, length };
    }
    const pi = lastAtOrBefore(this.pieces, at);
    const piece = this.pieces[pi];
    if (!piece || at >= piece.offset + piece.plainBytes) return undefined;
    const into = at - piece.offset;
    return { inMediaHeader: false, pieceIndex: pi, plainOffset: into, length: Math.min(want, piece.plainBytes - into) };
  }

  /** All runs of [offset, offset + length), in order; cut at the end of the rendition. */
  spans(offset: number, length: number): TitleSpan[] {
    const out: TitleSpan[] = [];
    for (let at = offset; at < offset + length; ) {
      const span = this.spanAt(at, offset + length - at);
      if (!span) break;
      out.push(span);
      at += span.length;
    }
    return out;
  }

  /** The first piece that holds a byte at or after `at`; the number of pieces when there is none. */
  pieceAtOrAfter(at: number): number {
    const pi = lastAtOrBefore(this.pieces, at);
    const piece = this.pieces[pi];
    return piece && at < piece.offset + piece.plainBytes ? pi : pi + 1;
  }
}

/** Index of the last entry whose offset is <= at; -1 when there is none. */
function lastAtOrBefore(list: readonly { offset: number }[], at: number): number {
  let lo = 0;
  let hi = list.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (list[mid]!.offset <= at) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}
