import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/core/bytes';
import { decodeHeader, kRecordBytes } from '../../src/core/header_file';
import { storedSpan, TitleReader } from '../../src/core/title_reader';
import { vectors } from '../support/vectors';

const golden = vectors<{ valid: { name: string; bytes: string }[] }>('header_file').valid;

describe('TitleReader', () => {
  // 0..40 and 900..1000 in the media header, 40..500 and 500..900 in pieces.
  const header = decodeHeader(fromHex(golden.find((v) => v.name === 'plain')!.bytes));
  const reader = new TitleReader(header, 'file');

  it('finds the part that holds a byte', () => {
    expect(reader.spanAt(0, 1000)).toEqual({ inMediaHeader: true, pieceIndex: 0, plainOffset: 0, length: 40 });
    expect(reader.spanAt(39, 5)).toEqual({ inMediaHeader: true, pieceIndex: 0, plainOffset: 39, length: 1 });
    expect(reader.spanAt(40, 5)).toEqual({ inMediaHeader: false, pieceIndex: 0, plainOffset: 0, length: 5 });
    expect(reader.spanAt(499, 5)).toEqual({ inMediaHeader: false, pieceIndex: 0, plainOffset: 459, length: 1 });
    expect(reader.spanAt(500, 9)).toEqual({ inMediaHeader: false, pieceIndex: 1, plainOffset: 0, length: 9 });
    expect(reader.spanAt(999, 9)).toEqual({ inMediaHeader: true, pieceIndex: 0, plainOffset: 139, length: 1 });
    expect(reader.spanAt(1000, 1)).toBeUndefined();
    expect(reader.spanAt(-1, 1)).toBeUndefined();
    expect(reader.spanAt(0, 0)).toBeUndefined();
  });

  it('knows which piece comes next', () => {
    expect([0, 40, 499, 500, 899, 900, 999].map((at) => reader.pieceAtOrAfter(at))).toEqual([0, 0, 0, 1, 1, 2, 2]);
  });

  it.each(golden)('covers "$name" byte by byte', ({ bytes }) => {
    const h = decodeHeader(fromHex(bytes));
    const r = h.renditions[0]!;
    const rd = new TitleReader(h, r.kind);
    let at = 0;
    for (const span of rd.spans(0, rd.size + 100)) {
      const home = span.inMediaHeader ? h.mediaHeader!.ranges.find((x) => x.offset <= at && at < x.offset + x.length) : r.pieces[span.pieceIndex];
      expect(home).toBeDefined();
      if (!span.inMediaHeader) expect(r.pieces[span.pieceIndex]!.offset + span.plainOffset).toBe(at);
      at += span.length;
    }
    expect(at).toBe(rd.size);
  });
});

describe('storedSpan', () => {
  it('is the run itself when not sealed', () => {
    expect(storedSpan(false, 100, 7, 9)).toEqual({ offset: 7, length: 9, firstRecord: 0, skip: 0 });
  });
  it('is whole records when sealed', () => {
    const total = 3 * kRecordBytes + 5;
    expect(storedSpan(true, total, 0, 1)).toEqual({ offset: 0, length: 65552, firstRecord: 0, skip: 0 });
    expect(storedSpan(true, total, 65535, 2)).toEqual({ offset: 0, length: 2 * 65552, firstRecord: 0, skip: 65535 });
    expect(storedSpan(true, total, 65536, 65536)).toEqual({ offset: 65552, length: 65552, firstRecord: 1, skip: 0 });
    expect(storedSpan(true, total, total - 1, 1)).toEqual({ offset: 3 * 65552, length: 21, firstRecord: 3, skip: 4 });
  });
});
