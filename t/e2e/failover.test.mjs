// Edges die, freeze and lie while a film plays.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertQuiet, assertRight, suite } from './lib/suite.mjs';

const it = suite({ freshBrowser: true });
// What Chromium itself says of a refused connection.
const kNetworkNoise = /Failed to load resource|net::ERR_/;

async function playing(title = 'film') {
  const player = await it.watch(title);
  await player.firstFrame();
  await player.play();
  await player.playsOn(1);
  return player;
}

test('an edge is killed in mid-play: the film goes on from the other', async (t) => {
  const player = await playing();
  const [victim, survivor] = it.net.edges;
  await victim.kill();
  await player.playsOn(3);
  const shown = await player.seek(45);
  assertRight(shown, 45);
  t.diagnostic(`seek after a kill: ${shown.ms.toFixed(0)} ms`);
  await player.play();
  await player.playsOn(2);
  const { report, trouble, error } = await player.state();
  assert.equal(error, '');
  assert.equal(trouble, undefined);
  assert.ok(report.edges[0].failures > 0, 'the failure is counted');
  assert.ok(report.edges[1].records > 0);
  assert.ok(report.incidents.some((i) => i.kind === 'failed' && i.edge === victim.url));
  assert.ok(!report.incidents.some((i) => i.kind === 'failed' && i.edge === survivor.url));
  assertQuiet(player, kNetworkNoise);
  await victim.start();
  await player.page.close();
});

test('an edge freezes: a seek costs one timer, and play goes on', async (t) => {
  const player = await playing();
  const [victim] = it.net.edges;
  victim.freeze();
  try {
    const shown = await player.seek(50);
    assertRight(shown, 50);
    t.diagnostic(`seek after a freeze: ${shown.ms.toFixed(0)} ms`);
    assert.ok(shown.ms < 5000);
    await player.play();
    await player.playsOn(3);
    const { report, error } = await player.when('the stall is counted', (s) => s.report.edges[0].stalls > 0);
    assert.equal(error, '');
    assert.equal(report.state, 'ok');
  } finally {
    victim.thaw();
  }
  assertQuiet(player, kNetworkNoise);
  await player.page.close();
});

test('no edge answers for a while: the viewer is told, and it goes on by itself', async () => {
  const player = await playing();
  for (const edge of it.net.edges) await edge.kill();
  await player.page.evaluate(() => {
    const v = document.querySelector('weir-player').video;
    v.currentTime = v.currentTime > 30 ? 3 : 55;
  });
  const { words } = await player.when('words', (s) => s.trouble?.kind === 'reconnecting');
  assert.match(words, /Reconnecting/);
  for (const edge of it.net.edges) await edge.start();
  await player.when('plays on', (s) => s.ready >= 3 && !s.trouble && !s.error);
  await player.play();
  await player.playsOn(1);
  assertQuiet(player, kNetworkNoise);
  await player.page.close();
});
