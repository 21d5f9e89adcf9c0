// CORE, the section of a header file that describes the title: CBOR with a closed set of keys
// (docs/formats/header_file.md, "CORE"). Unknown keys, wrong types and values out of bounds are refused.

import type { Bytes } from './bytes';
import { CborError, decodeCbor, type CborMap, type CborValue } from './cbor';
import { kErrors, WeirError } from './errors';
import { isTitleId } from './title_id';
import { uuidText } from './uuid';

export interface Protection {
  policy: 'none' | 'partial' | 'all';
  kid?: Bytes;
  every?: number;
  gateway?: string;
}

export interface StreamInfo {
  type: string;
  codec: string;
  rfc6381?: string;
  lang?: string;
  width?: number;
  height?: number;
  channels?: number;
  rate?: [number, number];
}

export interface TitleInfo {
  title: string;
  revision: string;
  createdUnixS: number;
  name: string;
  extension: string;
  mime: string;
  format: string;
  sourceSha256: Bytes;
  sourceBytes: number;
  durationUs: number;
  protection: Protection;
  streams: StreamInfo[];
  renditions: { kind: 'file' | 'ts'; bytes: number; pieceCount: number }[];
}

function corrupt(what: string): never {
  throw new WeirError(kErrors.headerCorrupt, `the header file is damaged: CORE: ${what}`);
}

/** Takes typed fields out of a map; what is left at the end is unknown, hence refused. */
class Fields {
  private readonly left: CborMap;

  constructor(
    value: CborValue | undefined,
    private readonly where: string,
  ) {
    if (!(value instanceof Map)) corrupt(`${where} is not a map`);
    this.left = new Map(value);
  }

  private pull<T>(key: string, test: (v: CborValue) => v is T & CborValue): T | undefined {
    const v = this.left.get(key);
    if (v === undefined) return undefined;
    if (!test(v)) corrupt(`${this.where}.${key} has the wrong type`);
    this.left.delete(key);
    return v;
  }

  optUint(key: string): number | undefined {
    const v = this.pull(key, (x): x is number => typeof x === 'number');
    if (v !== undefined && !Number.isSafeInteger(v))
      throw new WeirError(kErrors.headerTooLarge, `over a limit of the format: ${this.where}.${key}`);
    return v;
  }
  optText(key: string): string | undefined {
    return this.pull(key, (x): x is string => typeof x === 'string');
  }
  optArray(key: string): CborValue[] | undefined {
    return this.pull(key, (x): x is CborValue[] => Array.isArray(x));
  }
  uint(key: string): number {
    return this.optUint(key) ?? corrupt(`${this.where}.${key} is missing`);
  }
  text(key: string): string {
    return this.optText(key) ?? corrupt(`${this.where}.${key} is missing`);
  }
  array(key: string): CborValue[] {
    return this.optArray(key) ?? corrupt(`${this.where}.${key} is missing`);
  }
  bytes(key: string, length: number): Bytes {
    const v = this.pull(key, (x): x is Bytes => x instanceof Uint8Array);
    return v?.length === length ? v : corrupt(`${this.where}.${key} is not ${length} bytes`);
  }
  value(key: string): CborValue | undefined {
    const v = this.left.get(key);
    this.left.delete(key);
    return v;
  }
  done(): void {
    for (const key of this.left.keys()) corrupt(`unknown key ${this.where}.${key}`);
  }
}

export function decodeCore(bytes: Bytes): TitleInfo {
  let value: CborValue;
  try {
    value = decodeCbor(bytes);
  } catch (e) {
    corrupt(e instanceof CborError ? e.message : 'not CBOR');
  }
  const f = new Fields(value, 'core');
  const info: TitleInfo = {
    title: f.text('title'),
    revision: uuidText(f.bytes('rev', 16)),
    createdUnixS: f.uint('created'),
    name: f.text('name'),
    extension: f.text('ext'),
    mime: f.text('mime'),
    format: f.text('format'),
    sourceSha256: f.bytes('sha256', 32),
    sourceBytes: f.uint('size'),
    durationUs: f.uint('duration'),
    protection: protectionOf(f.value('protect')),
    streams: streamsOf(f.array('streams')),
    renditions: renditionsOf(f.array('renditions')),
  };
  f.done();
  if (!isTitleId(info.title)) corrupt('title id');
  if (!/^[a-z0-9]{1,8}$/.test(info.extension)) corrupt('extension');
  if (new TextEncoder().encode(info.name).length > 255) corrupt('name is too long');
  if (info.sourceBytes < 1) corrupt('an empty source');
  const file = info.renditions.find((r) => r.kind === 'file');
  if (file && file.bytes !== info.sourceBytes) corrupt('size of the file rendition');
  return info;
}

function protectionOf(value: CborValue | undefined): Protection {
  const f = new Fields(value, 'protect');
  const policy = f.text('policy');
  if (policy !== 'none' && policy !== 'partial' && policy !== 'all') corrupt(`policy '${policy}'`);
  const out: Protection = { policy };
  if (policy !== 'none') {
    out.kid = f.bytes('kid', 16);
    const scheme = f.text('scheme');
    if (scheme !== 'enp-gcm-1') corrupt(`encryption scheme '${scheme}'`);
    if (policy === 'partial') {
      out.every = f.uint('every');
      if (out.every < 2) corrupt('protect.every');
    }
    const gateway = f.optText('gateway');
    if (gateway !== undefined) out.gateway = gateway;
  }
  f.done();
  return out;
}

function streamsOf(list: CborValue[]): StreamInfo[] {
  if (list.length > 32) corrupt('more than 32 streams');
  return list.map((value) => {
    const f = new Fields(value, 'stream');
    const out: StreamInfo = { type: f.text('type'), codec: f.text('codec') };
    for (const key of ['rfc6381', 'lang'] as const) {
      const v = f.optText(key);
      if (v !== undefined) out[key] = v;
    }
    for (const key of ['width', 'height', 'channels'] as const) {
      const v = f.optUint(key);
      if (v !== undefined) out[key] = v;
    }
    const rate = f.optArray('rate');
    if (rate) {
      const [num, den] = rate;
      if (rate.length !== 2 || typeof num !== 'number' || typeof den !== 'number') corrupt('stream.rate');
      out.rate = [num, den];
    }
    f.done();
    return out;
  });
}

function renditionsOf(list: CborValue[]): TitleInfo['renditions'] {
  const out = list.map((value) => {
    const f = new Fields(value, 'rendition');
    const kind = f.text('kind');
    if (kind !== 'file' && kind !== 'ts') corrupt(`rendition '${kind}'`);
    const r = { kind, bytes: f.uint('size'), pieceCount: f.uint('pieces') } as const;
    f.done();
    return { ...r };
  });
  if (out.length < 1 || out.length > 2 || (out.length === 2 && !(out[0]!.kind === 'file' && out[1]!.kind === 'ts')))
    corrupt('renditions');
  return out;
}
