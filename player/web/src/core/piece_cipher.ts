// Piece encryption profile enp-gcm-1 over WebCrypto (docs/formats/piece_encryption.md): a key per piece by HKDF-SHA256,
// AES-256-GCM in records of 64 KiB, a commitment to the key that is compared first. Needs a secure context.

import { concatBytes, equalBytes, u32be, u64be, type Bytes } from './bytes';
import { kErrors, WeirError } from './errors';
import { kRecordBytes, kRecordTagBytes } from './header_file';
import { parseUuid } from './uuid';

/** What a piece's key is bound to. */
export interface PieceContext {
  title: string;
  kid: Bytes;
  /** Its uuid: the salt. */
  piece: string;
  index: number;
  plainBytes: number;
}

const kProfile = new TextEncoder().encode('enp-gcm-1');
const kKidInfo = new TextEncoder().encode('enp-kid');

/** The content key as a handle that gives its bytes to nobody: it can be kept in IndexedDB. */
export async function importContentKey(raw: Bytes): Promise<CryptoKey> {
  if (raw.length !== 32) throw new WeirError(kErrors.keyMalformed, 'the content key is not 32 bytes');
  return crypto.subtle.importKey('raw', raw, 'HKDF', false, ['deriveBits']);
}

/** The key id that belongs to a content key. */
export async function contentKeyId(key: CryptoKey): Promise<Bytes> {
  const params = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: kKidInfo };
  const id = new Uint8Array(await crypto.subtle.deriveBits(params, key, 128));
  id[6] = (id[6]! & 0x0f) | 0x80;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return id;
}

export class PieceCipher {
  readonly records: number;

  private constructor(
    private readonly key: CryptoKey,
    private readonly prefix: Bytes,
    readonly commitment: Bytes,
    private readonly plainBytes: number,
  ) {
    this.records = Math.ceil(plainBytes / kRecordBytes);
  }

  static async create(contentKey: CryptoKey, context: PieceContext): Promise<PieceCipher> {
    const salt = parseUuid(context.piece);
    if (!salt) throw new WeirError(kErrors.badArgument, 'a piece is named by a uuid');
    const info = concatBytes(
      kProfile,
      new TextEncoder().encode(context.title),
      context.kid,
      u32be(context.index),
      u32be(kRecordBytes),
      u64be(context.plainBytes),
    );
    const params = { name: 'HKDF', hash: 'SHA-256', salt, info };
    const out = new Uint8Array(await crypto.subtle.deriveBits(params, contentKey, 71 * 8));
    const key = await crypto.subtle.importKey('raw', out.slice(0, 32), 'AES-GCM', false, ['encrypt', 'decrypt']);
    return new PieceCipher(key, out.slice(32, 39), out.slice(39, 71), context.plainBytes);
  }

  /** GCM alone does not commit to its key: compare with the header's before opening anything. */
  checkCommitment(expected: Uint8Array): void {
    if (!equalBytes(expected, this.commitment))
      throw new WeirError(kErrors.keyWrong, "the content key is not this title's");
  }

  /** Plain length of record `counter`. */
  recordBytes(counter: number): number {
    return Math.min(kRecordBytes, this.plainBytes - counter * kRecordBytes);
  }

  private params(counter: number): AesGcmParams {
    if (counter < 0 || counter >= this.records) throw new WeirError(kErrors.badArgument, 'no such record');
    const last = counter === this.records - 1 ? 1 : 0;
    const iv = concatBytes(this.prefix, u32be(counter), Uint8Array.of(last));
    return { name: 'AES-GCM', iv, tagLength: 128 };
  }

  /** Opens one stored record; pieceCorrupt when its tag or length is wrong. */
  async openRecord(counter: number, stored: Bytes): Promise<Bytes> {
    const params = this.params(counter);
    if (stored.length !== this.recordBytes(counter) + kRecordTagBytes)
      throw new WeirError(kErrors.pieceCorrupt, 'a record has the wrong length');
    try {
      return new Uint8Array(await crypto.subtle.decrypt(params, this.key, stored));
    } catch {
      throw new WeirError(kErrors.pieceCorrupt, `record ${counter} does not open: its bytes were changed`);
    }
  }

  async sealRecord(counter: number, plain: Bytes): Promise<Bytes> {
    const params = this.params(counter);
    if (plain.length !== this.recordBytes(counter))
      throw new WeirError(kErrors.badArgument, 'a record has the wrong length');
    return new Uint8Array(await crypto.subtle.encrypt(params, this.key, plain));
  }

  /** A whole stored piece. */
  async open(stored: Bytes): Promise<Bytes> {
    const step = kRecordBytes + kRecordTagBytes;
    const parts: Bytes[] = [];
    for (let i = 0; i < this.records; i++) parts.push(await this.openRecord(i, stored.subarray(i * step, (i + 1) * step)));
    if (stored.length !== this.plainBytes + this.records * kRecordTagBytes)
      throw new WeirError(kErrors.pieceCorrupt, 'the piece has the wrong length');
    return concatBytes(...parts);
  }

  async seal(plain: Bytes): Promise<Bytes> {
    const parts: Bytes[] = [];
    for (let i = 0; i < this.records; i++)
      parts.push(await this.sealRecord(i, plain.subarray(i * kRecordBytes, (i + 1) * kRecordBytes)));
    return concatBytes(...parts);
  }
}
