// The sections of a header file: each is decoded by itself, then checked against the others.

import { ByteReader, type Bytes } from './bytes';
import { crc32c } from './crc32c';
import { kErrors, WeirError } from './errors';
import { decodeCore, type TitleInfo } from './header_core';
import {
  corrupt,
  kMaxCoreBytes,
  kMaxMediaHeaderBytes,
  kMaxMediaHeaderRanges,
  kMaxPieceBytes,
  kMaxPieces,
  kMaxSeekPoints,
  sealedLength,
  tooLarge,
  type ByteRange,
  type HeaderFile,
  type MediaHeader,
  type Piece,
  type Rendition,
  type RenditionKind,
  type SeekPoint,
} from './header_types';
import { uuidText } from './uuid';

export const kCore = 1;
export const kMhdr = 2;
export const kIdx = 3;
export const kSeek = 4;
export const kHash = 5;
export const kSig = 6;

const kFirstIdxPieces = 64;

/** Puts the sections together, and checks them against each other. */
export class Assembly {
  private info: TitleInfo | undefined;
  private mediaHeader: MediaHeader | undefined;
  private renditions: Rendition[] = [];
  private signature: HeaderFile['signature'];
  private pieces = 0;
  private readonly idxSections = new Map<RenditionKind, number>();
  private readonly hashed = new Set<RenditionKind>();
  private readonly sought = new Set<RenditionKind>();
  private readonly ids = new Set<string>();

  constructor(private readonly prefix: boolean) {}

  take(type: number, body: Bytes): void {
    switch (type) {
      case kCore:
        if (body.length > kMaxCoreBytes) tooLarge('CORE');
        this.info = decodeCore(body);
        this.renditions = this.info.renditions.map((r) => ({ ...r, pieces: [], seek: [] }));
        if (this.renditions.reduce((n, r) => n + r.pieceCount, 0) > kMaxPieces) tooLarge('number of pieces');
        break;
      case kMhdr:
        this.takeMediaHeader(body);
        break;
      case kIdx:
        this.takeIndex(body);
        break;
      case kSeek:
        this.takeSeek(body);
        break;
      case kHash:
        this.takeHashes(body);
        break;
      case kSig:
        this.takeSignature(body);
        break;
    }
  }

  private takeMediaHeader(body: Bytes): void {
    const r = new ByteReader(body);
    const flags = r.u32();
    const count = r.u32();
    if ((flags & ~1) !== 0) corrupt('media header flags');
    if (count < 1) corrupt('a media header without ranges');
    if (count > kMaxMediaHeaderRanges) tooLarge('media header ranges');
    const id = uuidText(r.take(16));
    const commitment = r.take(32);
    const sealed = (flags & 1) !== 0;
    if (!sealed && commitment.some((b) => b !== 0)) corrupt('a commitment without sealing');
    if (sealed && this.info!.protection.policy === 'none') corrupt('sealed media header in an open title');
    const ranges: ByteRange[] = [];
    let end = -1;
    let plainBytes = 0;
    for (let i = 0; i < count; i++) {
      const range = { offset: r.u64(), length: r.u64() };
      if (range.length < 1 || range.offset <= end || range.offset + range.length > this.info!.sourceBytes)
        corrupt('media header ranges');
      end = range.offset + range.length;
      plainBytes += range.length;
      ranges.push(range);
    }
    if (plainBytes > kMaxMediaHeaderBytes) tooLarge('media header');
    if (r.left !== (sealed ? sealedLength(plainBytes) : plainBytes)) corrupt('length of the media header');
    this.ids.add(id);
    this.mediaHeader = { ranges, sealed, id, commitment, payload: r.take(r.left), plainBytes };
  }

  private rendition(kind: number): Rendition {
    const name: RenditionKind | undefined = kind === 0 ? 'file' : kind === 1 ? 'ts' : undefined;
    const found = this.renditions.find((r) => r.kind === name);
    return found ?? corrupt(`rendition ${kind} is not announced`);
  }

  private takeIndex(body: Bytes): void {
    const r = new ByteReader(body);
    const rendition = this.rendition(r.u32());
    const first = r.u32();
    const count = r.u32();
    const flags = r.u32();
    if ((flags & ~1) !== 0) corrupt('index flags');
    const commitments = (flags & 1) !== 0;
    if (r.left !== count * (commitments ? 77 : 45)) corrupt('length of an index');
    if (first !== rendition.pieces.length || first + count > rendition.pieceCount) corrupt('an index leaves a gap');
    if (this.pieces === 0 && count > kFirstIdxPieces) corrupt('more than 64 pieces in the first index');
    const nth = (this.idxSections.get(rendition.kind) ?? 0) + 1;
    if (nth > 2) corrupt('more than two indexes of a rendition');
    this.idxSections.set(rendition.kind, nth);
    const uuid = new ByteReader(r.take(16 * count));
    const offset = new ByteReader(r.take(8 * count));
    const time = new ByteReader(r.take(8 * count));
    const plain = new ByteReader(r.take(4 * count));
    const stored = new ByteReader(r.take(4 * count));
    const duration = new ByteReader(r.take(4 * count));
    const pieceFlags = new ByteReader(r.take(count));
    const commitment = commitments ? new ByteReader(r.take(32 * count)) : undefined;
    let anySealed = false;
    for (let i = 0; i < count; i++) {
      const f = pieceFlags.u8();
      if ((f & ~3) !== 0) corrupt('piece flags');
      const piece: Piece = {
        id: uuidText(uuid.take(16)),
        offset: offset.u64(),
        timeUs: time.u64(),
        plainBytes: plain.u32(),
        storedBytes: stored.u32(),
        durationUs: duration.u32(),
        keyFrame: (f & 1) !== 0,
        sealed: (f & 2) !== 0,
      };
      const c = commitment?.take(32);
      if (piece.sealed) {
        anySealed = true;
        piece.commitment = c ?? corrupt('a sealed piece without commitment');
      } else if (c?.some((b) => b !== 0)) corrupt('a commitment without sealing');
      this.addPiece(rendition, piece);
    }
    if (commitments !== anySealed) corrupt('a commitment column without need');
  }

  private addPiece(rendition: Rendition, piece: Piece): void {
    if (piece.plainBytes < 1) corrupt('an empty piece');
    if (piece.plainBytes > kMaxPieceBytes) tooLarge('a piece');
    if (piece.storedBytes !== (piece.sealed ? sealedLength(piece.plainBytes) : piece.plainBytes))
      corrupt('stored length of a piece');
    if (piece.sealed && this.info!.protection.policy === 'none') corrupt('a sealed piece in an open title');
    if (piece.offset + piece.plainBytes > rendition.bytes) corrupt('a piece beyond the end');
    if (this.ids.has(piece.id)) corrupt('a uuid occurs twice');
    this.ids.add(piece.id);
    rendition.pieces.push(piece);
    this.pieces++;
  }

  private takeSeek(body: Bytes): void {
    const r = new ByteReader(body);
    const rendition = this.rendition(r.u32());
    const count = r.u32();
    if (count > kMaxSeekPoints) tooLarge('seek points');
    if (r.left !== 16 * count) corrupt('length of the seek table');
    if (this.sought.has(rendition.kind)) corrupt('two seek tables');
    this.sought.add(rendition.kind);
    const time = new ByteReader(r.take(8 * count));
    const offset = new ByteReader(r.take(8 * count));
    let last: SeekPoint | undefined;
    for (let i = 0; i < count; i++) {
      const point = { timeUs: time.u64(), offset: offset.u64() };
      if (point.offset >= rendition.bytes) corrupt('a seek point beyond the end');
      if (last && (point.timeUs < last.timeUs || point.offset < last.offset)) corrupt('seek points out of order');
      rendition.seek.push(point);
      last = point;
    }
  }

  private takeHashes(body: Bytes): void {
    const r = new ByteReader(body);
    const rendition = this.rendition(r.u32());
    const count = r.u32();
    if (count !== rendition.pieceCount || r.left !== 32 * count) corrupt('number of hashes');
    if (this.hashed.has(rendition.kind)) corrupt('two hash tables');
    this.hashed.add(rendition.kind);
    for (const piece of rendition.pieces) piece.sha256 = r.take(32);
  }

  private takeSignature(body: Bytes): void {
    if (body.length !== 104) corrupt('length of the signature');
    const r = new ByteReader(body);
    const algorithm = r.u32();
    const publicKey = r.take(32);
    const signature = r.take(64);
    if (crc32c(body.subarray(0, 100)) !== r.u32()) corrupt('checksum of the signature');
    if (algorithm !== 1) throw new WeirError(kErrors.headerSignature, `signature algorithm ${algorithm}`);
    this.signature = { publicKey, signature };
  }

  finish(): HeaderFile {
    const info = this.info ?? corrupt('no CORE');
    const complete = this.renditions.every((r) => r.pieces.length === r.pieceCount && this.hashed.has(r.kind));
    if (!complete && !this.prefix) corrupt('pieces or hashes are missing');
    for (const r of this.renditions) checkCover(r, r.kind === 'file' ? (this.mediaHeader?.ranges ?? []) : [], this.prefix);
    return {
      info,
      mediaHeader: this.mediaHeader,
      renditions: this.renditions,
      signature: this.signature,
      complete: complete || !this.prefix,
    };
  }
}

/** Ranges and pieces lie one after the other from 0 to the rendition's end. */
function checkCover(rendition: Rendition, ranges: ByteRange[], prefix: boolean): void {
  let at = 0;
  let ri = 0;
  let pi = 0;
  for (;;) {
    const range = ranges[ri];
    const piece = rendition.pieces[pi];
    if (range?.offset === at) {
      at += range.length;
      ri++;
    } else if (piece?.offset === at) {
      at += piece.plainBytes;
      pi++;
    } else break;
  }
  if (pi !== rendition.pieces.length) corrupt('pieces overlap or leave a gap');
  if (prefix && pi < rendition.pieceCount) return;
  if (at !== rendition.bytes || ri !== ranges.length) corrupt('pieces do not cover the film');
}
