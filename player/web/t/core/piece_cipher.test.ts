import { describe, expect, it } from 'vitest';
import { fromHex, toHex, type Bytes } from '../../src/core/bytes';
import { WeirError } from '../../src/core/errors';
import { decodeHeader, kRecordBytes, kRecordTagBytes } from '../../src/core/header_file';
import { contentKeyId, importContentKey, PieceCipher, type PieceContext } from '../../src/core/piece_cipher';
import { parseUuid, uuidText } from '../../src/core/uuid';
import { codeOf, vectors } from '../support/vectors';

interface Case {
  content_key: string;
  kid: string;
  title: string;
  uuid: string;
  index: number;
  plain_bytes: number;
}
interface Vectors {
  sealed: (Case & { commitment: string; sealed_bytes: number; sealed_sha256: string; tags: string[]; plain_sha256: string })[];
  refused: (Case & { name: string; sealed: string; commitment_matches: boolean; error: string })[];
}
const golden = vectors<Vectors>('piece_cipher');

function context(c: Case): PieceContext {
  return { title: c.title, kid: parseUuid(c.kid)!, piece: c.uuid, index: c.index, plainBytes: c.plain_bytes };
}

async function cipherFor(c: Case): Promise<PieceCipher> {
  return PieceCipher.create(await importContentKey(fromHex(c.content_key)), context(c));
}

function pattern(bytes: number): Bytes {
  return Uint8Array.from({ length: bytes }, (_, i) => (7 * i + 13 * Math.floor(i / 256) + 1) % 256);
}

async function sha256(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

describe('golden pieces', () => {
  it.each(golden.sealed)('$plain_bytes bytes of $title/$index seal and open', async (c) => {
    const cipher = await cipherFor(c);
    expect(toHex(cipher.commitment)).toBe(c.commitment);
    expect(uuidText(await contentKeyId(await importContentKey(fromHex(c.content_key))))).toBe(c.kid);
    const plain = pattern(c.plain_bytes);
    const sealed = await cipher.seal(plain);
    expect(sealed.length).toBe(c.sealed_bytes);
    expect(await sha256(sealed)).toBe(c.sealed_sha256);
    const step = kRecordBytes + kRecordTagBytes;
    const ends = c.tags.map((_, i) => Math.min((i + 1) * step, sealed.length));
    expect(ends.map((end) => toHex(sealed.subarray(end - 16, end)))).toEqual(c.tags);
    expect(await sha256(await cipher.open(sealed))).toBe(c.plain_sha256);
  });

  it.each(golden.refused)('refuses $name', async (c) => {
    const cipher = await cipherFor(c);
    const first = fromHex(golden.sealed[0]!.commitment);
    if (c.commitment_matches) cipher.checkCommitment(first);
    else expect(() => cipher.checkCommitment(first)).toThrow(/not this title/);
    const error = await cipher.open(fromHex(c.sealed)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(WeirError);
    expect((error as WeirError).code).toBe(codeOf(c.error));
  });
});

it('a whole golden title opens to its source', async () => {
  interface Title {
    bytes: string;
    content_key?: string;
    file?: string;
    stored?: Record<string, string>;
  }
  const title = vectors<{ valid: Title[] }>('header_file').valid.find((v) => v.content_key)!;
  const header = decodeHeader(fromHex(title.bytes));
  const key = await importContentKey(fromHex(title.content_key!));
  const rendition = header.renditions.find((r) => r.kind === 'file')!;
  const out = new Uint8Array(rendition.bytes);
  for (const [index, piece] of rendition.pieces.entries()) {
    const stored = fromHex(title.stored![piece.id]!);
    expect(await sha256(stored)).toBe(toHex(piece.sha256!));
    const { title: name, protection } = header.info;
    const c = { title: name, kid: protection.kid!, piece: piece.id, index, plainBytes: piece.plainBytes };
    const cipher = piece.sealed ? await PieceCipher.create(key, c) : undefined;
    cipher?.checkCommitment(piece.commitment!);
    out.set(cipher ? await cipher.open(stored) : stored, piece.offset);
  }
  const mh = header.mediaHeader!;
  const c = { title: header.info.title, kid: header.info.protection.kid!, piece: mh.id, index: 0xffffffff, plainBytes: mh.plainBytes };
  const plain = mh.sealed ? await (await PieceCipher.create(key, c)).open(mh.payload) : mh.payload;
  let at = 0;
  for (const r of mh.ranges) {
    out.set(plain.subarray(at, at + r.length), r.offset);
    at += r.length;
  }
  expect(toHex(out)).toBe(title.file);
  expect(await sha256(out)).toBe(toHex(header.info.sourceSha256));
});
