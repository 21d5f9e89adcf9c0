// What a header file says, and the limits of the format. docs/formats/header_file.md is the specification.

import type { Bytes } from './bytes';
import { kErrors, WeirError } from './errors';
import type { TitleInfo } from './header_core';

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

export function corrupt(what: string): never {
  throw new WeirError(kErrors.headerCorrupt, `the header file is damaged: ${what}`);
}
export function tooLarge(what: string): never {
  throw new WeirError(kErrors.headerTooLarge, `over a limit of the format: ${what}`);
}
export function truncated(what: string): never {
  throw new WeirError(kErrors.headerTruncated, `the header file ends early: ${what}`);
}
