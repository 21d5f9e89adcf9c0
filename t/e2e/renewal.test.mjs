// Tokens live for minutes, films for hours.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suite } from './lib/suite.mjs';
import { until } from './lib/until.mjs';

const it = suite({ freshBrowser: true });

test('a token expires in mid-play: words, and a new one goes on where it was', async () => {
  // Thirty seconds of skew are allowed: this one is good for five more.
  const token = it.shared.issuer.issue({ age: 325 });
  const player = await it.watch('film', { token });
  await player.firstFrame();
  await player.play();
  await until('the token has expired', async () => (await fetch(`${it.net.edges[0].url}/~${token}/t/film/key`)).status === 403);
  await player.page.evaluate(() => {
    document.querySelector('weir-player').video.currentTime = 55;
  });
  const { words } = await player.when('words', (s) => s.trouble?.kind === 'token-expired' && s.words);
  assert.match(words, /Your viewing token has expired/);
  const src = await player.page.evaluate((url) => {
    location.replace(url);
    return document.querySelector('weir-player').video.src;
  }, it.net.watchUrl('film', it.token));
  const { time } = await player.when('plays on', (s) => !s.trouble && s.time > 55.5);
  assert.ok(time < 60);
  assert.equal(await player.page.evaluate(() => document.querySelector('weir-player').video.src), src);
  await player.page.close();
});
