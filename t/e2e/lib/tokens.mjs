// Tokens as docs/formats/token.md describes them, made here so that a test can have any wrong one.

import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export class Issuer {
  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.privateKey = privateKey;
    const { x } = publicKey.export({ format: 'jwk' });
    this.kid = createHash('sha256').update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x })).digest('base64url');
    this.jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid: this.kid, alg: 'EdDSA', use: 'sig' }] };
  }

  issue({ titles = ['*'], rights = ['play'], age = 0, ttl = 300 } = {}) {
    const iat = Math.floor(Date.now() / 1000) - age;
    const claims = {
      iss: 'https://gateway.test',
      iat,
      nbf: iat,
      exp: iat + ttl,
      jti: randomUUID(),
      cdniv: 1,
      enp: { sid: randomUUID(), ast: titles, rts: rights },
    };
    const signed = `${b64({ alg: 'EdDSA', kid: this.kid, typ: 'JWT' })}.${b64(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), this.privateKey).toString('base64url')}`;
  }
}
