import { describe, expect, it } from 'vitest';
import { fromHex, toHex, type Bytes } from '../../src/core/bytes';
import { kErrors, WeirError } from '../../src/core/errors';
import { decodeFastStart, decodeHeader, decodePreamble, type HeaderFile } from '../../src/core/header_file';
import { uuidText } from '../../src/core/uuid';
import { codeOf, vectors } from '../support/vectors';

interface Vectors {
  valid: { name: string; bytes: string; fast_start_bytes: number; value: Record<string, unknown> }[];
  invalid: { name: string; bytes: string; error: string }[];
}
const golden = vectors<Vectors>('header_file');

const kNoDigest = '0'.repeat(64);
const kNoUuid = '00000000-0000-0000-0000-000000000000';

/** As t/vectors writes it: every field of core/title/header_file.h under its own name. */
function asValue(h: HeaderFile): Record<string, unknown> {
  const p = h.info.protection;
  const mh = h.mediaHeader;
  return {
    title: h.info.title,
    revision: h.info.revision,
    created_unix_s: h.info.createdUnixS,
    name: h.info.name,
    extension: h.info.extension,
    mime: h.info.mime,
    format: h.info.format,
    source_sha256: toHex(h.info.sourceSha256),
    source_bytes: h.info.sourceBytes,
    duration_us: h.info.durationUs,
    protection: {
      policy: p.policy,
      kid: p.kid ? uuidText(p.kid) : kNoUuid,
      every: p.every ?? 0,
      gateway: p.gateway ?? '',
    },
    streams: h.info.streams.map((s) => ({
      type: s.type,
      codec: s.codec,
      rfc6381: s.rfc6381 ?? '',
      width: s.width ?? 0,
      height: s.height ?? 0,
      rate_num: s.rate?.[0] ?? 0,
      rate_den: s.rate?.[1] ?? 1,
      channels: s.channels ?? 0,
      language: s.lang ?? '',
    })),
    media_header: {
      ranges: (mh?.ranges ?? []).map((r) => [r.offset, r.length]),
      sealed: mh?.sealed ?? false,
      uuid: mh?.id ?? kNoUuid,
      commitment: mh ? toHex(mh.commitment) : kNoDigest,
      payload: mh ? toHex(mh.payload) : '',
    },
    renditions: h.renditions.map((r) => ({
      kind: r.kind,
      bytes: r.bytes,
      pieces: r.pieces.map((x) => ({
        uuid: x.id,
        offset: x.offset,
        plain_bytes: x.plainBytes,
        stored_bytes: x.storedBytes,
        time_us: x.timeUs,
        duration_us: x.durationUs,
        key_frame: x.keyFrame,
        sealed: x.sealed,
        commitment: x.commitment ? toHex(x.commitment) : kNoDigest,
        sha256: x.sha256 ? toHex(x.sha256) : kNoDigest,
      })),
      seek: r.seek.map((s) => [s.timeUs, s.offset]),
    })),
    signature: h.signature
      ? { public_key: toHex(h.signature.publicKey), signature: toHex(h.signature.signature) }
      : null,
  };
}

function errorOf(act: () => unknown): number | undefined {
  try {
    act();
    return undefined;
  } catch (e) {
    if (e instanceof WeirError) return e.code;
    throw e;
  }
}

describe('golden headers', () => {
  it.each(golden.valid)('reads "$name" field by field', ({ bytes, value, fast_start_bytes }) => {
    const raw = fromHex(bytes);
    const header = decodeHeader(raw);
    expect(asValue(header)).toEqual(value);
    expect(header.complete).toBe(true);
    expect(decodePreamble(raw).fastStartBytes).toBe(fast_start_bytes);
  });

  it.each(golden.invalid)('refuses "$name"', ({ bytes, error }) => {
    expect(errorOf(() => decodeHeader(fromHex(bytes)))).toBe(codeOf(error));
  });

  it.each(golden.valid)('starts "$name" from its fast start alone', ({ bytes, fast_start_bytes }) => {
    const raw = fromHex(bytes);
    const whole = decodeHeader(raw);
    expect(decodeFastStart(raw.slice(0, fast_start_bytes - 1))).toBeUndefined();
    const start = decodeFastStart(raw.slice(0, fast_start_bytes))!;
    expect(start.info).toEqual(whole.info);
    expect(start.mediaHeader).toEqual(whole.mediaHeader);
    const known = start.renditions[0]!.pieces;
    expect(known.length).toBe(Math.min(64, whole.renditions[0]!.pieces.length));
    const unhashed = whole.renditions[0]!.pieces.map(({ sha256: _, ...rest }) => rest);
    expect(known).toEqual(unhashed.slice(0, known.length));
    expect(start.complete).toBe(raw.length === fast_start_bytes);
  });
});

it.each(['pieces that overlap', 'a hole between pieces'])('a fast start with %s is refused', (name) => {
  const raw = fromHex(golden.invalid.find((v) => v.name === name)!.bytes);
  const { fastStartBytes, size } = decodePreamble(raw);
  expect(fastStartBytes).toBeLessThan(size);
  expect(errorOf(() => decodeFastStart(raw.slice(0, fastStartBytes)))).toBe(kErrors.headerCorrupt);
});

describe('damage', () => {
  const raw = fromHex(golden.valid[0]!.bytes);

  it('any flipped bit is refused', () => {
    for (let i = 0; i < raw.length; i++) {
      const bad: Bytes = raw.slice();
      bad[i]! ^= 1 << (i % 8);
      const code = errorOf(() => decodeHeader(bad));
      // The flags and the minor version may change freely, but not without the checksum over them.
      expect(code, `byte ${i}`).toBeGreaterThanOrEqual(kErrors.headerNotOne);
    }
  });

  it('every length short of the whole is refused as truncated', () => {
    for (let n = 4; n < raw.length; n++) expect(errorOf(() => decodeHeader(raw.slice(0, n)))).toBe(kErrors.headerTruncated);
  });

  it('a web page is no header', () => {
    const html = new TextEncoder().encode('<!doctype html><title>hello</title>');
    expect(errorOf(() => decodeHeader(html))).toBe(kErrors.headerNotOne);
  });
});
