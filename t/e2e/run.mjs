// Makes what the tests share, runs them one file after the other, and ends with `N passed, N failed, N skipped`.
// With PLAYWRIGHT_JSON_OUTPUT_NAME set, the counts go there as well, as Playwright's own reporter writes them.
// Arguments that are not options choose the files whose names hold one of them.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeFixture } from './lib/fixture.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2).filter((a) => !a.startsWith('-'));
const files = readdirSync(here)
  .filter((f) => f.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some((w) => f.includes(w))))
  .sort()
  .map((f) => join(here, f));

const counts = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };
const started = Date.now();
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

function finish() {
  const report = process.env.PLAYWRIGHT_JSON_OUTPUT_NAME;
  if (report) {
    mkdirSync(dirname(report), { recursive: true });
    writeFileSync(report, JSON.stringify({ stats: { ...counts, duration: Date.now() - started } }));
  }
  console.log(`in ${seconds(Date.now() - started)}`);
  console.log(`${counts.expected} passed, ${counts.unexpected} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.unexpected > 0 || counts.expected === 0 ? 1 : 0;
}

const dir = process.env.WEIR_E2E_DIR ?? mkdtempSync(join(tmpdir(), 'weir-e2e-'));
let own = dir !== process.env.WEIR_E2E_DIR;
try {
  if (own) {
    await makeFixture(dir);
    process.env.WEIR_E2E_DIR = dir;
    console.log(`films made and split in ${seconds(Date.now() - started)}`);
  }
  await new Promise((resolve) => {
    const stream = run({ files, concurrency: 1, timeout: 300_000 });
    stream.on('test:pass', (e) => {
      if (isFile(e)) return;
      if (e.skip !== undefined) {
        counts.skipped++;
        console.log(`  skipped  ${e.name}: ${e.skip}`);
      } else {
        counts.expected++;
        console.log(`  passed   ${e.name}  (${seconds(e.details.duration_ms)})`);
      }
    });
    stream.on('test:fail', (e) => {
      // A file fails with its tests; alone it counts: it broke before or after them.
      if (isFile(e) && e.details.error?.failureType === 'subtestsFailed') return;
      counts.unexpected++;
      console.log(`  FAILED   ${e.name}  (${seconds(e.details.duration_ms)})`);
      console.log(String(e.details.error?.cause?.stack ?? e.details.error).replace(/^/gm, '             '));
    });
    stream.on('test:diagnostic', (e) => {
      if (!/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(e.message)) console.log(`           ${e.message}`);
    });
    stream.on('test:stdout', (e) => process.stdout.write(e.message));
    stream.on('test:stderr', (e) => process.stderr.write(e.message));
    stream.on('end', resolve);
    stream.resume();
  });
} catch (e) {
  counts.unexpected++;
  console.log(`  FAILED   making the films: ${e.message}`);
} finally {
  if (own) rmSync(dir, { recursive: true, force: true });
  finish();
}

function isFile(e) {
  return e.nesting === 0 && files.includes(e.name);
}
