// What can only be seen in a browser without a debugger: how fast it is beside a plain file, and that a worker which the
// browser has stopped comes back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drive } from './lib/raw.mjs';
import { suite } from './lib/suite.mjs';

const it = suite({ browser: false });
const kSeeks = [50, 10.5, 33.3, 20.02, 58, 1.7, 44.44, 5.9, 28.84, 39.16, 14.2, 54.5];

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const ms = (x) => `${x.toFixed(0)} ms`;

test('first frame and seeks, beside the same file served plainly', async (t) => {
  const watch = it.net.watchUrl('film', it.token);
  const r = await drive(it.net, { watch, plain: `${it.net.edges[0].url}/films/film.mp4`, seeks: kSeeks });
  assert.equal(r.firstVisit.carrier, 'worker');
  t.diagnostic(`first frame: plain ${ms(r.plain.firstFrameMs)}, first visit ${ms(r.firstVisit.firstFrameMs)} (with the page ${ms(r.firstVisit.pageMs)}), second visit ${ms(r.secondVisit.firstFrameMs)} (${ms(r.secondVisit.pageMs)})`);
  t.diagnostic(`seek, median and slowest: plain ${ms(median(r.plain.seekMs))} ${ms(Math.max(...r.plain.seekMs))}, ours ${ms(median(r.seekMs))} ${ms(Math.max(...r.seekMs))}, into the cache ${ms(median(r.again))}`);
  // Loose: this machine may be busy. The figures are for reading, these bounds for catching a timer that was waited out.
  assert.ok(median(r.seekMs) < 500 + 3 * median(r.plain.seekMs), `median seek ${r.seekMs}`);
  assert.ok(r.secondVisit.firstFrameMs < 1000 + 5 * r.plain.firstFrameMs);
});

const kLong = process.env.WEIR_E2E_LONG ? false : 'takes 75 s of waiting: set WEIR_E2E_LONG=1';

test('a worker that the browser stopped comes back by itself', { skip: kLong }, async (t) => {
  const watch = it.net.watchUrl('film', it.token);
  const r = await drive(it.net, { watch, seeks: [3], idleMs: 75_000 }, 115_000);
  assert.notEqual(r.idle.after, r.idle.before, 'the browser had stopped it');
  t.diagnostic(`first frame after it was stopped: ${ms(r.idle.firstFrameMs)}`);
});
