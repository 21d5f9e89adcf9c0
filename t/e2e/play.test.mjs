// A film plays, seeks to the right frame, and comes from both edges.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertQuiet, suite } from './lib/suite.mjs';

const it = suite();

test('plays: a first frame, then time moves', async (t) => {
  const player = await it.watch('film');
  const { carrier, firstFrameMs } = await player.firstFrame();
  assert.equal(carrier, 'worker');
  await player.play();
  await player.playsOn(2);
  const { report, trouble, error } = await player.state();
  assert.equal(trouble, undefined);
  assert.equal(error, '');
  assert.equal(report.state, 'ok');
  t.diagnostic(`first frame, first visit, under CDP: ${firstFrameMs.toFixed(0)} ms`);
  assertQuiet(player);
  await player.page.close();
});

test('a seek lands on the right frame, twelve times', async (t) => {
  const player = await it.watch('film');
  await player.firstFrame();
  const times = [50, 10.5, 33.3, 20.02, 58, 1.7, 44.44, 5.9, 28.84, 39.16, 0, 59.5];
  const took = [];
  for (const time of times) {
    const shown = await player.seek(time);
    assert.equal(shown.frame, shown.expected, `frame at ${time}`);
    assert.ok(Math.abs(shown.mediaTime - time) < 0.05, `${shown.mediaTime} for ${time}`);
    took.push(shown.ms);
  }
  took.sort((a, b) => a - b);
  t.diagnostic(`seek under CDP: median ${took[6].toFixed(0)} ms, slowest ${took[11].toFixed(0)} ms`);
  assertQuiet(player);
  await player.page.close();
});

test('both edges bring pieces, and the page shows which', async () => {
  const player = await it.watch('film');
  await player.firstFrame();
  await player.play();
  const { report } = await player.when('both edges brought pieces', (s) => s.report?.edges.every((e) => e.records > 10));
  assert.deepEqual(report.edges.map((e) => e.url), it.net.edges.map((e) => e.url));
  assert.ok(report.origins.every(([from, to, edge]) => from < to && (edge === 0 || edge === 1)));
  const panel = await player.sources();
  for (const edge of it.net.edges) assert.match(panel, new RegExp(`${edge.address}:${edge.port}\\s+good\\s+[\\d.]+ MiB`));
  await player.page.close();
});

for (const title of ['open', 'partial', 'tail', 'webm']) {
  test(`plays and seeks in '${title}'`, async () => {
    const player = await it.watch(title);
    await player.firstFrame();
    for (const time of [9, 3.2]) {
      const shown = await player.seek(time);
      assert.ok(Math.abs(shown.mediaTime - time) < 0.1, `${shown.mediaTime} for ${time}`);
      assert.equal(shown.frame, shown.expected);
    }
    await player.play();
    await player.playsOn(1);
    assertQuiet(player);
    await player.page.close();
  });
}

test('plays to its end and once more', async () => {
  const player = await it.watch('tail');
  await player.firstFrame();
  await player.seek(18.5);
  await player.play();
  await player.when('the end', (s) => s.ended);
  await player.page.keyboard.press('k');
  await player.when('plays again', (s) => !s.ended && s.time > 0.5 && s.time < 10);
  assertQuiet(player);
  await player.page.close();
});

test('plays through from beginning to end, eight times as fast', async () => {
  const player = await it.watch('film');
  await player.firstFrame();
  await player.page.evaluate(() => {
    const v = document.querySelector('weir-player').video;
    v.playbackRate = 8;
    return v.play();
  });
  // Answers are bounded: the element asks for five parts on the way.
  const { error, trouble, report } = await player.when('the end', (s) => s.ended, 60_000);
  assert.equal(error, '');
  assert.equal(trouble, undefined);
  assert.equal(report.state, 'ok');
  assertQuiet(player);
  await player.page.close();
});

test('the keyboard works, and a screen reader is told', async () => {
  const player = await it.watch('film');
  await player.firstFrame();
  const { page } = player;
  await page.keyboard.press('k');
  await player.when('plays', (s) => !s.paused);
  await page.keyboard.press('Space');
  await player.when('pauses', (s) => s.paused);
  await page.keyboard.press('5');
  await player.when('half way', (s) => Math.abs(s.time - 30) < 0.5);
  await page.keyboard.press('ArrowLeft');
  await player.when('five seconds back', (s) => Math.abs(s.time - 25) < 0.5);
  await page.keyboard.press('m');
  assert.equal(await page.evaluate(() => document.querySelector('weir-player').video.muted), true);
  const bar = page.getByRole('slider', { name: 'Position in the film' });
  assert.match((await bar.getAttribute('aria-valuetext')) ?? '', /^25 seconds of 1 minute$/);
  await bar.focus();
  await page.keyboard.press('Home');
  await player.when('the beginning', (s) => s.time === 0);
  await page.getByRole('button', { name: 'Play' }).first().click();
  await player.when('plays by button', (s) => !s.paused);
  await page.getByRole('button', { name: 'Full screen' }).click();
  await player.when('full screen', () => page.evaluate(() => document.fullscreenElement?.localName === 'weir-player'));
  assertQuiet(player);
  await page.close();
});

test('the token is in no title, no Referer and no request of the page', async () => {
  const player = await it.watch('film');
  const asked = [];
  player.page.on('request', (r) => asked.push(r));
  await player.page.reload();
  await player.firstFrame();
  assert.ok(!(await player.page.title()).includes(it.token));
  assert.ok(asked.length > 0);
  for (const request of asked) {
    const { referer } = await request.allHeaders();
    assert.equal(referer || undefined, undefined, request.url().split('#')[0]);
    assert.ok(!request.url().split('#')[0].includes(it.token));
  }
  // A browser that looks for a newer worker names the worker's own address.
  const lines = it.net.servers.flatMap((s) => s.log('access').split('\n')).filter((l) => !l.includes(' /watch/sw.js '));
  assert.deepEqual(lines.filter((l) => / "http[^"]*" /.test(l)), []);
  await player.page.close();
});
