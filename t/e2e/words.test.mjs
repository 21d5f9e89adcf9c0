// What viewers read when a film cannot be played.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from './lib/servers.mjs';
import { suite } from './lib/suite.mjs';

const it = suite();

async function read(title, options) {
  const player = await it.watch(title, options);
  const state = await player.when('words', (s) => s.trouble?.fatal, 30_000);
  assert.ok(!state.words.includes(options?.token || it.token));
  await player.page.close();
  return state;
}

test('an expired token', async () => {
  const { words, trouble } = await read('film', { token: it.shared.issuer.issue({ age: 1000 }) });
  assert.match(words, /Your viewing token has expired/);
  assert.equal(trouble.code, 12);
});

test('no token', async () => {
  const { words, trouble } = await read('film', { token: '' });
  assert.match(words, /needs a viewing token/);
  assert.equal(trouble.code, 1);
});

test('a token for another film', async () => {
  const { words, trouble } = await read('film', { token: it.shared.issuer.issue({ titles: ['other'] }) });
  assert.match(words, /refused.*another film/s);
  assert.equal(trouble.code, 13);
});

test('a token that is none', async () => {
  const { words } = await read('film', { token: 'abc.def.ghi' });
  assert.match(words, /Your viewing token was refused/);
});

test('no such film', async () => {
  const { words, trouble } = await read('nothing');
  assert.match(words, /There is no such film here/);
  assert.equal(trouble.code, 202);
});

test('no edge reachable', async () => {
  const port = await freePort();
  const { words } = await read('film', { edges: [`http://127.0.0.21:${port}`, `http://127.0.0.22:${port}`] });
  assert.match(words, /No video server can be reached/);
  assert.match(words, /Try again/);
});

test('“Try again” does', async () => {
  const [edge] = it.net.edges;
  const player = await it.watch('film', { edges: [edge.url], page: it.net.edges[1].url });
  await player.firstFrame();
  await edge.kill();
  await player.page.reload();
  await player.when('words', (s) => s.trouble?.kind === 'unreachable', 30_000);
  await edge.start();
  await player.page.getByRole('button', { name: 'Try again' }).click();
  await player.firstFrame();
  await player.page.close();
});

for (const title of ['wmv', 'mkv']) {
  test(`a format this browser cannot play: ${title}`, async () => {
    const { words } = await read(title);
    assert.match(words, /This browser cannot play this format/);
    assert.match(words, new RegExp(`The film is ${title} \\(`));
    assert.match(words, /Copy address for a media player/);
  });
}

test('an address without a film', async () => {
  const page = await it.browser.context.newPage();
  await page.goto(`${it.net.edges[0].url}/watch/`);
  assert.match(await page.locator('main').innerText(), /Which film\?/);
  await page.close();
});
