// What browsers have and Debian's Node 18 has not by itself: WebCrypto as a global.
import { webcrypto } from 'node:crypto';

globalThis.crypto ??= webcrypto as Crypto;
