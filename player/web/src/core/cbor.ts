// A strict reader for the little CBOR that a header file's CORE holds: unsigned integers, byte and text strings,
// arrays and maps in the core deterministic encoding (RFC 8949 section 4.2.1). Everything else is refused: negative
// numbers, tags, floats, simple values, indefinite lengths, long spellings, unsorted or repeated keys.

import { compareBytes, type Bytes } from './bytes';

export type CborValue = number | string | Bytes | CborValue[] | CborMap;
export type CborMap = Map<string, CborValue>;

export class CborError extends Error {}

const kMaxDepth = 8;

export function decodeCbor(bytes: Bytes): CborValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new CborError('bytes behind the value');
  return value;
}

class Reader {
  at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Bytes) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): CborValue {
    if (depth > kMaxDepth) throw new CborError('nested too deep');
    const [major, argument] = this.head();
    switch (major) {
      case 0:
        return argument;
      case 2:
        return this.string(argument);
      case 3:
        return this.text(argument);
      case 4: {
        // Each element takes at least a byte: a count beyond what is left is a lie.
        if (argument > this.bytes.length - this.at) throw new CborError('array longer than its bytes');
        const out: CborValue[] = [];
        for (let i = 0; i < argument; i++) out.push(this.value(depth + 1));
        return out;
      }
      case 5:
        return this.map(argument, depth);
      default:
        throw new CborError(`major type ${major}`);
    }
  }

  private map(count: number, depth: number): CborMap {
    if (count > (this.bytes.length - this.at) / 2) throw new CborError('map longer than its bytes');
    const out: CborMap = new Map();
    let previous: Bytes | undefined;
    for (let i = 0; i < count; i++) {
      const start = this.at;
      const [major, length] = this.head();
      if (major !== 3) throw new CborError('key is not text');
      const key = this.text(length);
      const encoded = this.bytes.subarray(start, this.at);
      if (previous && compareBytes(previous, encoded) >= 0) throw new CborError(`key '${key}' out of order`);
      previous = encoded;
      out.set(key, this.value(depth + 1));
    }
    return out;
  }

  private string(length: number): Bytes {
    if (length > this.bytes.length - this.at) throw new CborError('string longer than its bytes');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  private text(length: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.string(length));
    } catch (e) {
      if (e instanceof CborError) throw e;
      throw new CborError('text is not UTF-8');
    }
  }

  private head(): [major: number, argument: number] {
    if (this.at >= this.bytes.length) throw new CborError('ends early');
    const initial = this.bytes[this.at++]!;
    const low = initial & 31;
    if (low < 24) return [initial >> 5, low];
    if (low > 27) throw new CborError('indefinite or reserved length');
    const width = 1 << (low - 24);
    if (width > this.bytes.length - this.at) throw new CborError('ends early');
    const at = this.at;
    this.at += width;
    const argument =
      width === 1
        ? this.view.getUint8(at)
        : width === 2
          ? this.view.getUint16(at)
          : width === 4
            ? this.view.getUint32(at)
            : Number(this.view.getBigUint64(at));
    const shortest = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x10000 : 0x100000000;
    if (argument < shortest) throw new CborError('not the shortest spelling');
    return [initial >> 5, argument];
  }
}
