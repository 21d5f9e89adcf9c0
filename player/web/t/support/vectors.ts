// The golden vectors that C++ and TypeScript share, and a few helpers around them.

import { readFileSync } from 'node:fs';
import { kErrors } from '../../src/core/errors';

const kRoot = new URL('../../../../', import.meta.url);

export function repoText(path: string): string {
  return readFileSync(new URL(path, kRoot), 'utf8');
}

export function vectors<T>(name: string): T {
  return JSON.parse(repoText(`t/vectors/${name}.json`)) as T;
}

/** header_not_one -> 100 */
export function codeOf(name: string): number {
  const camel = name.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
  const code = (kErrors as Record<string, number>)[camel];
  if (code === undefined) throw new Error(`no error is called ${name}`);
  return code;
}
