// UUIDs as text: exactly the 36-character lower-case form, so that one piece has one name.

import { fromHex, toHex, type Bytes } from './bytes';

const kForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function uuidText(bytes: Uint8Array): string {
  const h = toHex(bytes);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`;
}

/** The 16 bytes, or undefined for any other spelling. */
export function parseUuid(text: string): Bytes | undefined {
  return kForm.test(text) ? fromHex(text.replaceAll('-', '')) : undefined;
}
