// The small parts: checksums, UUIDs, CBOR, ranges, and what must stay in step with the rest of the repository.

import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/core/bytes';
import { CborError, decodeCbor } from '../../src/core/cbor';
import { crc32c } from '../../src/core/crc32c';
import { kErrors } from '../../src/core/errors';
import { parseRange } from '../../src/core/range';
import { isTitleId } from '../../src/core/title_id';
import { parseUuid, uuidText } from '../../src/core/uuid';
import { codeOf, repoText } from '../support/vectors';

describe('crc32c', () => {
  it('has the values of RFC 3720 appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
  it('continues', () => {
    const b = new TextEncoder().encode('123456789');
    expect(crc32c(b.subarray(4), crc32c(b.subarray(0, 4)))).toBe(0xe3069283);
  });
});

describe('uuid', () => {
  it('has one spelling', () => {
    const text = '0a0b0c0d-0e0f-4011-9213-141516171819';
    expect(uuidText(parseUuid(text)!)).toBe(text);
    for (const bad of [text.toUpperCase(), text.slice(1), `{${text}}`, text.replaceAll('-', ''), `${text}\n`])
      expect(parseUuid(bad)).toBeUndefined();
  });
});

describe('CBOR', () => {
  const decode = (hex: string): unknown => decodeCbor(fromHex(hex));
  it('reads what CORE holds', () => {
    expect(decode('00')).toBe(0);
    expect(decode('1bffffffffffffffff')).toBe(2 ** 64);
    expect(decode('63e381be')).toBe('ま');
    expect(toHex(decode('43010203') as Uint8Array)).toBe('010203');
    expect(decode('a2616101616281190400')).toEqual(new Map<string, unknown>([['a', 1], ['b', [1024]]]));
  });
  it.each([
    ['nothing', ''],
    ['bytes behind', '0000'],
    ['a long spelling', '1817'],
    ['a longer spelling', '1b00000000ffffffff'],
    ['a negative number', '20'],
    ['a tag', 'c100'],
    ['a float', 'fb3ff0000000000000'],
    ['true', 'f5'],
    ['an indefinite array', '9f00ff'],
    ['an indefinite text', '7f6161ff'],
    ['keys out of order', 'a2616200616100'],
    ['a key twice', 'a2616100616100'],
    ['a number as key', 'a10000'],
    ['text that is not UTF-8', '61ff'],
    ['an array of 2^63', '9b8000000000000000'],
    ['a map of 2^63', 'bb8000000000000000'],
    ['a string of 2^63', '5b8000000000000000'],
    ['a string past the end', '4301'],
    ['ten arrays in each other', '8181818181818181818100'],
  ])('refuses %s', (_, hex) => {
    expect(() => decode(hex)).toThrow(CborError);
  });
});

describe('parseRange', () => {
  it.each([
    ['bytes=0-', { first: 0, last: 99 }],
    ['bytes=0-1', { first: 0, last: 1 }],
    ['bytes=90-400', { first: 90, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=-400', { first: 0, last: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-4', 'whole'],
    ['bytes=0-1,5-6', 'whole'],
    ['bytes=-', 'whole'],
    ['seconds=1-2', 'whole'],
    [null, 'whole'],
  ])('%s', (value, expected) => {
    expect(parseRange(value, 100)).toEqual(expected);
  });
});

it('title ids are safe in a path', () => {
  for (const good of ['film', 'a', '_x', 'Film-2.mkv', 'x'.repeat(128)]) expect(isTitleId(good)).toBe(true);
  for (const bad of ['', '.', '..', '.x', '-x', 'a/b', 'a%2fb', 'a\0', 'é', 'x'.repeat(129), 'a\n']) expect(isTitleId(bad)).toBe(false);
});

describe('in step with the repository', () => {
  it('every error number is the one of docs/errors.md', () => {
    const rows = [...repoText('docs/errors.md').matchAll(/^\| (\d+) \| `(\w+)` \|/gm)];
    const documented = new Map(rows.map((m) => [m[2]!, Number(m[1])]));
    for (const [camel, code] of Object.entries(kErrors)) {
      const name = camel.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
      expect(documented.get(name), name).toBe(code);
      expect(codeOf(name)).toBe(code);
    }
  });
  it('the lock files record no hosts', () => {
    for (const folder of ['player/web', 't/e2e']) {
      expect(repoText(`${folder}/package-lock.json`)).not.toContain('"resolved"');
      expect(repoText(`${folder}/.npmrc`)).toBe('omit-lockfile-registry-resolved=true\n');
    }
  });
});
