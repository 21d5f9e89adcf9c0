// A title's header file: which pieces make a film, in which order, under which key. docs/formats/header_file.md is the
// specification; t/vectors/header_file.json has golden bytes; core/title/header_file.h is the same in C++.
//
// decodeHeader() checks everything that can be checked without a key, so a HeaderFile in hand is sound: ranges and
// pieces cover the source exactly once, lengths follow from each other, no uuid occurs twice, limits hold. It throws
// WeirError with a header... code. decodeFastStart() does the same for the prefix that is enough to start playing.

import { ByteReader, type Bytes } from './bytes';
import { crc32c } from './crc32c';
import { kErrors, WeirError } from './errors';
import { Assembly, kCore, kIdx, kMhdr, kSig } from './header_sections';
import { corrupt, kMaxHeaderBytes, tooLarge, truncated, type HeaderFile, type HeaderPreamble } from './header_types';

export * from './header_types';

const kPreambleBytes = 32;
const kTableEntryBytes = 24;

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
