// What all tests share, made once by run.mjs: films, split and sealed into a library, content keys, a token issuer's
// JWKS. Tests get at it through WEIR_E2E_DIR.

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kFilms, makeFilm, run } from './films.mjs';
import { Issuer } from './tokens.mjs';

export const kRepo = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
export const kHere = join(kRepo, 't', 'e2e');
export const kBuild = join(kRepo, 'build', process.env.WEIR_PRESET ?? 'dev');
export const kWeb = join(kBuild, 'web');
const kPieceSize = '1M';

/** Title id -> film and protection. */
export const kTitles = {
  film: { film: 'film', protect: 'all' },
  open: { film: 'tail', protect: 'none' },
  partial: { film: 'tail', protect: 'partial' },
  tail: { film: 'tail', protect: 'all' },
  webm: { film: 'webm', protect: 'all' },
  wmv: { film: 'wmv', protect: 'all' },
  mkv: { film: 'mkv', protect: 'all' },
};

export async function makeFixture(dir) {
  for (const sub of ['films', 'library', 'keys']) mkdirSync(join(dir, sub), { recursive: true });
  for (const [name, film] of Object.entries(kFilms)) await makeFilm(join(dir, 'films', `${name}.${film.ext}`), film);
  for (const [id, { film, protect }] of Object.entries(kTitles)) {
    const source = join(dir, 'films', `${film}.${kFilms[film].ext}`);
    const key = protect === 'none' ? [] : ['--key-file', join(dir, 'keys', `${id}.key`)];
    const args = ['split', source, '-o', join(dir, 'library'), '--title', id, '--piece-size', kPieceSize, '--rendition', 'file'];
    await run(join(kBuild, 'weir'), [...args, '--protect', protect, ...key]);
  }
}

export function fixture() {
  const dir = process.env.WEIR_E2E_DIR;
  if (!dir) throw new Error('run the tests with npm test: run.mjs makes what they share');
  const issuer = new Issuer();
  return { dir, library: join(dir, 'library'), keys: join(dir, 'keys'), issuer };
}

/** A copy of the library in which one byte of every piece of `title`'s film is wrong. */
export function damagedLibrary(from, to) {
  cpSync(from, to, { recursive: true });
  for (const aa of readdirSync(join(to, 'pieces'))) {
    for (const name of readdirSync(join(to, 'pieces', aa))) {
      const file = join(to, 'pieces', aa, name);
      const bytes = readFileSync(file);
      bytes[Math.min(1000, bytes.length - 1)] ^= 1;
      writeFileSync(file, bytes);
    }
  }
  return to;
}
