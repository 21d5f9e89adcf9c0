// Plain bytes of a title held in memory, by record (64 KiB), least recently used out first. One title, one thread.
// Records are what the network brings and the reader takes, so a piece of 64 MiB needs no 64 MiB of room.

import { kMaxPieceBytes, kRecordBytes } from './header_file';
import type { Bytes } from './bytes';

export const kStoreBytes = 32 << 20;
const kRecordsPerPiece = kMaxPieceBytes / kRecordBytes;

export class PieceStore {
  private readonly held = new Map<number, Bytes>();
  private readonly perPiece = new Map<number, number>();
  private bytes = 0;

  constructor(private readonly capacity = kStoreBytes) {}

  get usedBytes(): number {
    return this.bytes;
  }

  has(piece: number, record: number): boolean {
    return this.held.has(key(piece, record));
  }

  /** The record's plain bytes, now the most recently used. */
  get(piece: number, record: number): Bytes | undefined {
    const k = key(piece, record);
    const found = this.held.get(k);
    if (found) {
      this.held.delete(k);
      this.held.set(k, found);
    }
    return found;
  }

  put(piece: number, record: number, plain: Bytes): void {
    const k = key(piece, record);
    this.drop(k);
    this.held.set(k, plain);
    this.bytes += plain.length;
    this.perPiece.set(piece, (this.perPiece.get(piece) ?? 0) + 1);
    for (const oldest of this.held.keys()) {
      if (this.bytes <= this.capacity || oldest === k) break;
      this.drop(oldest);
    }
  }

  /** How many records of the piece are here. */
  count(piece: number): number {
    return this.perPiece.get(piece) ?? 0;
  }

  pieces(): Iterable<number> {
    return this.perPiece.keys();
  }

  /** Runs [first, end) of records held of a piece that has `records`. */
  runs(piece: number, records: number): [first: number, end: number][] {
    const out: [number, number][] = [];
    for (let i = 0; i < records; i++) {
      if (!this.has(piece, i)) continue;
      const last = out.at(-1);
      if (last && last[1] === i) last[1] = i + 1;
      else out.push([i, i + 1]);
    }
    return out;
  }

  private drop(k: number): void {
    const old = this.held.get(k);
    if (!old) return;
    this.held.delete(k);
    this.bytes -= old.length;
    const piece = Math.floor(k / kRecordsPerPiece);
    const left = this.perPiece.get(piece)! - 1;
    if (left > 0) this.perPiece.set(piece, left);
    else this.perPiece.delete(piece);
  }
}

function key(piece: number, record: number): number {
  return piece * kRecordsPerPiece + record;
}
