// A title's header file: which pieces make a film, in which order, under which key. docs/formats/header_file.md is the
// specification; t/vectors/header_file.json has golden bytes; core/title/header_file.h is the same in C++.
//
// decodeHeader() checks everything that can be checked without a key, so a HeaderFile in hand is sound: ranges and
// pieces cover the source exactly once, lengths follow from each other, no uuid occurs twice, limits hold. It throws
// WeirError with a header... code. decodeFastStart() does the same for the prefix that is enough to start playing.

import { ByteReader, type Bytes } from './bytes';
import { crc32c } from './crc32c';
import { kErrors, WeirError } from './errors';
import { decodeCore, type TitleInfo } from './header_core';
import { uuidText } from './uuid';

export const kMaxHeaderBytes = 64 << 20;
export const kMaxCoreBytes = 16 << 10;
export const kMaxMediaHeaderBytes = 32 << 20;
export const kMaxMediaHeaderRanges = 4096;
export const kMaxPieces = 1 << 18;
export const kMaxSeekPoints = 1 << 16;
export const kMaxPieceBytes = 64 << 20;
export const kFastStartTarget = 64 << 10;
export const kRecordBytes = 65536;
export const kRecordTagBytes = 16;
export const kMediaHeaderIndex = 0xffffffff;

const kPreambleBytes = 32;
const kTableEntryBytes = 24;
const kFirstIdxPieces = 64;

/** Stored length of a sealed run of `plain` bytes: one tag per started record. */
export function sealedLength(plain: number): number {
  return plain + Math.ceil(plain / kRecordBytes) * kRecordTagBytes;
}

export interface ByteRange {
  offset: number;
  length: number;
}

export type RenditionKind = 'file' | 'ts';

export interface Piece {
  id: string;
  /** Of its first plain byte in the rendition. */
  offset: number;
  plainBytes: number;
  storedBytes: number;
  timeUs: number;
  durationUs: number;
  keyFrame: boolean;
  sealed: boolean;
  commitment?: Bytes;
  /** Of the stored bytes. Absent while only the fast start is known. */
  sha256?: Bytes;
}

export interface MediaHeader {
  ranges: ByteRange[];
  sealed: boolean;
  id: string;
  commitment: Bytes;
  /** As stored: sealed when `sealed`. */
  payload: Bytes;
  plainBytes: number;
}

export interface SeekPoint {
  timeUs: number;
  offset: number;
}

export interface Rendition {
  kind: RenditionKind;
  bytes: number;
  /** What CORE announces; `pieces` holds fewer while only the fast start is known. */
  pieceCount: number;
  pieces: Piece[];
  seek: SeekPoint[];
}

export interface HeaderFile {
  info: TitleInfo;
  mediaHeader: MediaHeader | undefined;
  renditions: Rendition[];
  signature: { publicKey: Bytes; signature: Bytes } | undefined;
  /** False when it came from decodeFastStart() and more of the file is needed. */
  complete: boolean;
}

export interface HeaderPreamble {
  size: number;
  sections: number;
  fastStartBytes: number;
}

const kCore = 1;
const kMhdr = 2;
const kIdx = 3;
const kSeek = 4;
const kHash = 5;
const kSig = 6;

function corrupt(what: string): never {
  throw new WeirError(kErrors.headerCorrupt, `the header file is damaged: ${what}`);
}
function tooLarge(what: string): never {
  throw new WeirError(kErrors.headerTooLarge, `over a limit of the format: ${what}`);
}
function truncated(what: string): never {
  throw new WeirError(kErrors.headerTruncated, `the header file ends early: ${what}`);
}

export function decodePreamble(bytes: Bytes): HeaderPreamble {
  const magic = [0x45, 0x4e, 0x50, 0x48];
  if (bytes.length === 0 || magic.some((m, i) => i < bytes.length && bytes[i] !== m))
    throw new WeirError(kErrors.headerNotOne, 'the file cannot be detected: it does not start with ENPH');
  if (bytes.length < kPreambleBytes) truncated('in the preamble');
  const r = new ByteReader(bytes.subarray(4, kPreambleBytes));
  const major = r.u16();
  if (major !== 1) throw new WeirError(kErrors.headerVersion, `header format ${major}; this player reads 1`);
  r.u16();
  r.u32();
  const size = r.u64();
  const sections = r.u32();
  const fastStartBytes = r.u32();
  if (size > kMaxHeaderBytes) tooLarge(`a header file of ${size} bytes`);
  if (sections < 1 || sections > 64) corrupt(`${sections} sections`);
  if (size < kPreambleBytes + sections * kTableEntryBytes) corrupt('smaller than its table');
  return { size, sections, fastStartBytes };
}

/** Decodes a whole header file. */
export function decodeHeader(bytes: Bytes): HeaderFile {
  const preamble = decodePreamble(bytes);
  if (bytes.length < preamble.size) truncated(`${bytes.length} of ${preamble.size} bytes`);
  if (bytes.length > preamble.size) corrupt('bytes behind its end');
  return decode(bytes, preamble, false);
}

/**
 * Decodes what the first bytes hold: complete when they are the whole file; undefined when they do not reach the end of
 * the fast start.
 */
export function decodeFastStart(bytes: Bytes): HeaderFile | undefined {
  const preamble = decodePreamble(bytes);
  if (bytes.length >= preamble.size) return decodeHeader(bytes);
  const needed = Math.max(preamble.fastStartBytes, kPreambleBytes + preamble.sections * kTableEntryBytes);
  return bytes.length < needed ? undefined : decode(bytes, preamble, true);
}

interface Section {
  type: number;
  critical: boolean;
  crc: number;
  offset: number;
  length: number;
}

function readTable(bytes: Bytes, preamble: HeaderPreamble): Section[] {
  const tableEnd = kPreambleBytes + preamble.sections * kTableEntryBytes;
  const table = bytes.subarray(kPreambleBytes, tableEnd);
  const announced = new ByteReader(bytes.subarray(28, 32)).u32();
  if (crc32c(table, crc32c(bytes.subarray(0, 28))) !== announced) corrupt('checksum of the section table');
  const r = new ByteReader(table);
  const sections: Section[] = [];
  let at = tableEnd;
  for (let i = 0; i < preamble.sections; i++) {
    const type = r.u16();
    const flags = r.u16();
    const crc = r.u32();
    const offset = r.u64();
    const length = r.u64();
    if (offset !== at || length > preamble.size - at) corrupt(`place of section ${i}`);
    at += length;
    const critical = (flags & 1) !== 0;
    if (critical && (type < kCore || type > kSig))
      throw new WeirError(kErrors.headerUnknownCritical, `section type ${type} must be understood, and is not`);
    sections.push({ type, critical, crc, offset, length });
  }
  if (at !== preamble.size) corrupt('sections do not reach the end');
  checkOrder(sections);
  const firstIndex = sections.find((s) => s.type === kIdx);
  if (!firstIndex) corrupt('no index of pieces');
  if (preamble.fastStartBytes !== firstIndex.offset + firstIndex.length) corrupt('length of the fast start');
  return sections;
}

function checkOrder(sections: Section[]): void {
  const known = sections.filter((s) => s.type >= kCore && s.type <= kSig);
  if (known[0]?.type !== kCore) corrupt('CORE is not the first section');
  for (let i = 1; i < known.length; i++) {
    const [a, b] = [known[i - 1]!.type, known[i]!.type];
    if (b < a || (b === a && (a === kCore || a === kMhdr || a === kSig))) corrupt('order of the sections');
  }
}

function decode(bytes: Bytes, preamble: HeaderPreamble, prefix: boolean): HeaderFile {
  const state = new Assembly(prefix);
  for (const s of readTable(bytes, preamble)) {
    if (s.offset + s.length > bytes.length) continue; // only with a prefix: not here yet
    const body = bytes.subarray(s.offset, s.offset + s.length);
    if (s.type !== kSig && crc32c(body) !== s.crc) corrupt(`checksum of section type ${s.type}`);
    try {
      state.take(s.type, body);
    } catch (e) {
      if (e instanceof RangeError) corrupt(`section type ${s.type} ends early`);
      throw e;
    }
  }
  return state.finish();
}

/** Puts the sections together, and checks them against each other. */
class Assembly {
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
