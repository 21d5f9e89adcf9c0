// Makes a header file and its pieces out of any bytes, straight from docs/formats: a second writer, so that the reader is
// not only tested with what one program wrote.

import { compareBytes, concatBytes, u32be, u64be, type Bytes } from '../../src/core/bytes';
import { crc32c } from '../../src/core/crc32c';
import { sealedLength } from '../../src/core/header_file';
import { contentKeyId, importContentKey, PieceCipher } from '../../src/core/piece_cipher';
import { parseUuid, uuidText } from '../../src/core/uuid';

export interface TitleOptions {
  title?: string;
  policy?: 'none' | 'partial' | 'all';
  every?: number;
  pieceBytes?: number;
  /** Ranges of the source that go into the media header. */
  mediaHeader?: [offset: number, length: number][];
  extension?: string;
  mime?: string;
  durationUs?: number;
}

export interface MadeTitle {
  title: string;
  header: Bytes;
  contentKey: Bytes;
  /** Stored bytes by UUID. */
  pieces: Map<string, Bytes>;
  /** In order. */
  ids: string[];
  source: Bytes;
}

type Cbor = number | string | Bytes | Cbor[] | { [key: string]: Cbor };

function head(major: number, n: number): Bytes {
  if (n < 24) return Uint8Array.of((major << 5) | n);
  if (n < 0x100) return Uint8Array.of((major << 5) | 24, n);
  if (n < 0x10000) return Uint8Array.of((major << 5) | 25, n >> 8, n & 255);
  if (n < 2 ** 32) return concatBytes(Uint8Array.of((major << 5) | 26), u32be(n));
  return concatBytes(Uint8Array.of((major << 5) | 27), u64be(n));
}

export function encodeCbor(value: Cbor): Bytes {
  if (typeof value === 'number') return head(0, value);
  if (typeof value === 'string') {
    const text = new TextEncoder().encode(value);
    return concatBytes(head(3, text.length), text);
  }
  if (value instanceof Uint8Array) return concatBytes(head(2, value.length), value);
  if (Array.isArray(value)) return concatBytes(head(4, value.length), ...value.map(encodeCbor));
  const entries = Object.entries(value).map(([k, v]) => [encodeCbor(k), encodeCbor(v)] as const);
  entries.sort((a, b) => compareBytes(a[0], b[0]));
  return concatBytes(head(5, entries.length), ...entries.flat());
}

function randomUuid(): Bytes {
  return parseUuid(crypto.randomUUID())!;
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** The runs of the source between the media header's ranges, cut into pieces. */
function cut(size: number, ranges: [number, number][], pieceBytes: number): [number, number][] {
  const out: [number, number][] = [];
  let at = 0;
  for (const [offset, length] of [...ranges, [size, 0] as [number, number]]) {
    for (; at < offset; at += Math.min(pieceBytes, offset - at)) out.push([at, Math.min(pieceBytes, offset - at)]);
    at = offset + length;
  }
  return out;
}

export async function makeTitle(source: Bytes, options: TitleOptions = {}): Promise<MadeTitle> {
  const { title = 'film', policy = 'all', every = 2, pieceBytes = 1 << 20, mediaHeader = [] } = options;
  const contentKey = crypto.getRandomValues(new Uint8Array(32));
  const key = await importContentKey(contentKey);
  const kid = await contentKeyId(key);
  const seal = async (plain: Bytes, piece: string, index: number): Promise<{ stored: Bytes; commitment: Bytes }> => {
    const cipher = await PieceCipher.create(key, { title, kid, piece, index, plainBytes: plain.length });
    return { stored: await cipher.seal(plain), commitment: cipher.commitment };
  };

  const runs = cut(source.length, mediaHeader, pieceBytes);
  const pieces = new Map<string, Bytes>();
  const rows: { id: string; offset: number; plain: number; sealed: boolean; commitment: Bytes; sha: Bytes }[] = [];
  for (const [index, [offset, length]] of runs.entries()) {
    const id = crypto.randomUUID() as string;
    const plain = source.slice(offset, offset + length);
    const sealed = policy === 'all' || (policy === 'partial' && index % every === 0);
    const { stored, commitment } = sealed ? await seal(plain, id, index) : { stored: plain, commitment: new Uint8Array(32) };
    pieces.set(id, stored);
    rows.push({ id, offset, plain: length, sealed, commitment, sha: await sha256(stored) });
  }

  const sections: { type: number; body: Bytes }[] = [];
  const protect: Cbor =
    policy === 'none' ? { policy } : { policy, kid, scheme: 'enp-gcm-1', ...(policy === 'partial' ? { every } : {}) };
  sections.push({
    type: 1,
    body: encodeCbor({
      rev: randomUuid(),
      ext: options.extension ?? 'mp4',
      mime: options.mime ?? 'video/mp4',
      name: `${title}.${options.extension ?? 'mp4'}`,
      size: source.length,
      title,
      format: 'made',
      sha256: await sha256(source),
      created: 1_790_000_000,
      duration: options.durationUs ?? 0,
      protect,
      streams: [{ type: 'video', codec: 'h264' }],
      renditions: [{ kind: 'file', size: source.length, pieces: rows.length }],
    }),
  });
  if (mediaHeader.length > 0) {
    const plain = concatBytes(...mediaHeader.map(([o, n]) => source.subarray(o, o + n)));
    const id = randomUuid();
    const sealed = policy === 'none' ? undefined : await seal(plain, uuidText(id), 0xffffffff);
    sections.push({
      type: 2,
      body: concatBytes(
        u32be(sealed ? 1 : 0),
        u32be(mediaHeader.length),
        id,
        sealed?.commitment ?? new Uint8Array(32),
        ...mediaHeader.flatMap(([o, n]) => [u64be(o), u64be(n)]),
        sealed?.stored ?? plain,
      ),
    });
  }
  for (let first = 0; first < Math.max(1, rows.length); first = first === 0 ? 64 : rows.length) {
    const some = rows.slice(first, first === 0 ? 64 : rows.length);
    const anySealed = some.some((r) => r.sealed);
    sections.push({
      type: 3,
      body: concatBytes(
        u32be(0),
        u32be(first),
        u32be(some.length),
        u32be(anySealed ? 1 : 0),
        ...some.map((r) => parseUuid(r.id)!),
        ...some.map((r) => u64be(r.offset)),
        ...some.map(() => u64be(0)),
        ...some.map((r) => u32be(r.plain)),
        ...some.map((r) => u32be(r.sealed ? sealedLength(r.plain) : r.plain)),
        ...some.map(() => u32be(0)),
        ...some.map((r) => Uint8Array.of(r.sealed ? 2 : 0)),
        ...(anySealed ? some.map((r) => r.commitment) : []),
      ),
    });
  }
  sections.push({ type: 5, body: concatBytes(u32be(0), u32be(rows.length), ...rows.map((r) => r.sha)) });
  return { title, header: assemble(sections), contentKey, pieces, ids: rows.map((r) => r.id), source };
}

function assemble(sections: { type: number; body: Bytes }[]): Bytes {
  const tableEnd = 32 + 24 * sections.length;
  let at = tableEnd;
  const entries: Bytes[] = [];
  let fastStart = 0;
  for (const { type, body } of sections) {
    entries.push(concatBytes(u32be((type << 16) | 1), u32be(crc32c(body)), u64be(at), u64be(body.length)));
    at += body.length;
    if (type === 3 && fastStart === 0) fastStart = at;
  }
  const table = concatBytes(...entries);
  const magic = new TextEncoder().encode('ENPH');
  const start = concatBytes(magic, u32be(0x10000), u32be(0), u64be(at), u32be(sections.length), u32be(fastStart));
  return concatBytes(start, u32be(crc32c(table, crc32c(start))), table, ...sections.map((s) => s.body));
}

/** Bytes that differ everywhere, so that a wrong offset shows. */
export function sampleBytes(length: number): Bytes {
  const out = new Uint8Array(length);
  let x = 0x9e3779b9;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    out[i] = x & 255;
  }
  return out;
}
