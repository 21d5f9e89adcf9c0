// The service worker comes and goes, and pages that cannot have one play all the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertQuiet, assertRight, suite } from './lib/suite.mjs';

// Names, because plain http under a loopback address counts as secure.
const kNames = ['one.test', 'two.test'];
const it = suite({ browserFlags: ['--host-resolver-rules=MAP one.test 127.0.0.11, MAP two.test 127.0.0.12'] });

test('a hard reload', async () => {
  const player = await it.watch('film');
  await player.firstFrame();
  const session = await it.browser.context.newCDPSession(player.page);
  await session.send('Page.reload', { ignoreCache: true });
  const { carrier } = await player.firstFrame();
  assert.equal(carrier, 'worker');
  await player.play();
  await player.playsOn(1);
  assertQuiet(player);
  await player.page.close();
});

test('the worker is stopped by force in mid-play and comes back by itself', async () => {
  const player = await it.watch('film');
  await player.firstFrame();
  await player.play();
  await player.playsOn(1);
  const before = (await player.when('a report', (s) => s.report)).report.instance;
  const session = await it.browser.context.newCDPSession(player.page);
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  const shown = await player.seek(48);
  assert.equal(shown.frame, shown.expected);
  await player.play();
  await player.playsOn(2);
  const after = await player.when('another instance', (s) => s.report.instance !== before);
  assert.equal(after.error, '');
  assert.equal(after.trouble, undefined);
  assertQuiet(player);
  await player.page.close();
});

test('two pages play two films at once', async () => {
  const one = await it.watch('film');
  const two = await it.watch('webm');
  for (const player of [one, two]) {
    await player.firstFrame();
    await player.play();
  }
  for (const player of [one, two]) {
    await player.playsOn(2);
    assertQuiet(player);
    await player.page.close();
  }
});

test('a new token for the same page goes on', async () => {
  const player = await it.watch('film', { token: it.shared.issuer.issue({ age: 1000 }) });
  await player.when('words', (s) => s.trouble?.kind === 'token-expired');
  await player.page.evaluate((url) => location.replace(url), it.net.watchUrl('film', it.token));
  await player.firstFrame();
  await player.page.close();
});

test('plain http under a name: the virtual file plays and seeks', async () => {
  const page = `http://${kNames[0]}:${it.net.edges[0].port}`;
  const player = await it.watch('film', { page, edges: [page] });
  const { carrier } = await player.firstFrame();
  assert.equal(carrier, 'virtual-file');
  const shown = await player.seek(40);
  assert.ok(Math.abs(shown.mediaTime - 40) < 0.05);
  await player.play();
  await player.playsOn(1);
  await player.page.close();
});

test('plain http under a name: the virtual file goes on from the next edge', async () => {
  const edges = kNames.map((name, i) => `http://${name}:${it.net.edges[i].port}`);
  const player = await it.watch('film', { page: edges[1], edges });
  await player.firstFrame();
  const [victim] = it.net.edges;
  victim.freeze();
  try {
    await player.page.evaluate(() => {
      document.querySelector('weir-player').video.currentTime = 50;
    });
    await player.when('it is at 50 s', (s) => s.ready >= 3 && Math.abs(s.time - 50) < 0.1);
    assertRight(await player.seek(51), 51);
    await player.play();
    await player.playsOn(1);
    assert.equal((await player.state()).trouble, undefined);
  } finally {
    victim.thaw();
  }
  await player.page.close();
});

test('a sandboxed frame: the virtual file plays', async () => {
  const page = await it.browser.context.newPage();
  const url = it.net.watchUrl('film', it.token);
  await page.goto(`${it.net.edges[0].url}/watch/`);
  await page.setContent('<iframe sandbox="allow-scripts" width="640" height="480"></iframe>');
  await page.locator('iframe').evaluate((frame, src) => (frame.src = src), url);
  const inner = await (await page.locator('iframe').elementHandle()).contentFrame();
  await inner.waitForFunction(
    () => {
      const p = document.querySelector('weir-player');
      return p?.current?.carrier === 'virtual-file' && p.video.readyState >= 2;
    },
    null,
    { timeout: 20_000 },
  );
  await page.close();
});
