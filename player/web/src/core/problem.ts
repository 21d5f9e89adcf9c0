// An edge's refusal, as application/problem+json with a frozen code (docs/errors.md); from a server that sends none,
// the nearest code its status allows.

import type { Refusal } from './edge';
import { kErrors } from './errors';

/** 401 or 403: the token, not the edge, is what is wrong. */
export class RefusedError extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.detail);
  }
}

const kMaxProblemBytes = 4096;

export async function readProblem(response: Response): Promise<Refusal> {
  const { status } = response;
  let code: number = status === 401 ? kErrors.tokenMissing : status === 403 ? kErrors.tokenMalformed : kErrors.notFound;
  if (status === 403) code = codeOfChallenge(response.headers.get('www-authenticate')) ?? code;
  let detail = '';
  try {
    const text = await response.text();
    const body: unknown = text.length <= kMaxProblemBytes ? JSON.parse(text) : undefined;
    if (typeof body === 'object' && body !== null) {
      if ('code' in body && Number.isSafeInteger(body.code)) code = body.code as number;
      if ('detail' in body && typeof body.detail === 'string') detail = body.detail;
      else if ('title' in body && typeof body.title === 'string') detail = body.title;
    }
  } catch {
    // A proxy's own page, or none: the status has to do.
  }
  return { status, code, detail };
}

function codeOfChallenge(header: string | null): number | undefined {
  return header !== null && /expired/i.test(header) ? kErrors.tokenExpired : undefined;
}
