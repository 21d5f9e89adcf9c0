// The frame of every test file: servers and a browser around its tests, and after them the questions that every test asks:
// did a server write an alert, did the page complain, did the token leak.

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { Browser } from './browser.mjs';
import { fixture } from './fixture.mjs';
import { Network } from './servers.mjs';

/**
 * Returns an object that `before` fills: net, browser, token, shared. The player's cache lives as long as its worker:
 * a test that wants none has `freshBrowser`, one that starts its own has `browser: false`.
 */
export function suite({ roots, browserFlags, freshBrowser = false, browser = true } = {}) {
  const it = { shared: fixture() };
  const openBrowser = async () => (it.browser = await Browser.open(browserFlags));
  before(async () => {
    const dir = mkdtempSync(join(it.shared.dir, 'net-'));
    it.token = it.shared.issuer.issue();
    it.net = await Network.start(it.shared, dir, { roots: roots?.(it.shared, dir) });
    if (browser && !freshBrowser) await openBrowser();
  });
  if (freshBrowser) {
    beforeEach(openBrowser);
    afterEach(() => it.browser.close());
  }
  after(async () => {
    if (!freshBrowser) await it.browser?.close();
    await it.net?.stop();
    assert.deepEqual(it.net?.complaints(), []);
    // Tokens are taken out of request lines before they are logged, and never come as a Referer.
    for (const server of it.net?.servers ?? []) assert.ok(!server.log('access').includes(it.token), `${server.name} logged the token`);
  });
  it.watch = async (title, { token = it.token, edges, page } = {}) =>
    it.browser.player(it.net.watchUrl(title, token, edges, page));
  return it;
}

/** What a page may have said during a test that broke nothing. */
export function assertQuiet(player, allowed = /^$/) {
  assert.deepEqual(player.said.filter((line) => !allowed.test(line)), []);
}

/** The frame shown is the one whose time it claims, and the one asked for. */
export function assertRight(shown, time) {
  assert.equal(shown.frame, shown.expected, `frame at ${time}`);
  assert.ok(Math.abs(shown.mediaTime - time) < 0.05, `${shown.mediaTime} for ${time}`);
}
