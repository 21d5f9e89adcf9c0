// The frozen error numbers of core/base/errors.h that a player meets, and how it carries them.

export const kErrors = {
  tokenMissing: 1,
  tokenMalformed: 2,
  tokenTooLong: 3,
  tokenAlgorithm: 4,
  tokenUnknownKey: 5,
  tokenSignature: 6,
  tokenNotYetValid: 11,
  tokenExpired: 12,
  tokenWrongTitle: 13,
  tokenWrongRight: 14,
  tokenWrongAudience: 15,
  tokenUnsupportedClaim: 16,
  tokenRevoked: 17,
  tokenLifetime: 18,
  headerNotOne: 100,
  headerTruncated: 101,
  headerCorrupt: 102,
  headerVersion: 103,
  headerUnknownCritical: 104,
  headerTooLarge: 105,
  headerSignature: 106,
  pieceMissing: 110,
  pieceCorrupt: 111,
  keyMissing: 112,
  keyWrong: 113,
  keyMalformed: 114,
  noSuchRendition: 115,
  badPath: 200,
  badRange: 201,
  notFound: 202,
  badArgument: 204,
  originUnreachable: 300,
  originTimeout: 301,
  originStatus: 302,
  originShortBody: 303,
  draining: 306,
  formatIncorrect: 400,
  internal: 900,
} as const;

export type ErrorCode = (typeof kErrors)[keyof typeof kErrors];

/** A failure with its frozen number. `detail` never holds a token or a key. */
export class WeirError extends Error {
  constructor(
    readonly code: number,
    detail: string,
  ) {
    super(detail);
    this.name = 'WeirError';
  }
}

/** 1..18 are about the token: no other edge will judge differently for long. */
export function isTokenError(code: number): boolean {
  return code >= 1 && code <= 18;
}
