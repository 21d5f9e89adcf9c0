// Chromium, and what a test wants to know of the player in it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { kBits, kFps, kSquare } from './films.mjs';
import { until } from './until.mjs';

export const kChromium = process.env.WEIR_CHROMIUM ?? '/usr/bin/chromium';
export const kFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--mute-audio',
  '--autoplay-policy=no-user-gesture-required',
];

/** A browser with a profile of its own, thrown away at the end. */
export class Browser {
  static async open(extra = []) {
    const it = new Browser();
    it.profile = mkdtempSync(join(tmpdir(), 'weir-chromium-'));
    it.context = await chromium.launchPersistentContext(it.profile, {
      executablePath: kChromium,
      headless: true,
      args: [...kFlags, ...extra],
      viewport: { width: 1100, height: 800 },
    });
    return it;
  }

  async player(url) {
    const page = await this.context.newPage();
    const player = new Player(page);
    await page.goto(url);
    return player;
  }

  async close() {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }
}

export class Player {
  constructor(page) {
    this.page = page;
    this.said = [];
    page.on('console', (m) => this.said.push(`${m.type()}: ${m.text()}`));
    page.on('pageerror', (e) => this.said.push(`pageerror: ${e.message}`));
  }

  /** What a viewer and a script can see. */
  async state() {
    return this.page.evaluate(() => {
      const p = document.querySelector('weir-player');
      const v = p?.video;
      if (!v) return {};
      return {
        time: v.currentTime,
        ready: v.readyState,
        paused: v.paused,
        ended: v.ended,
        error: v.error ? `${v.error.code} ${v.error.message}` : '',
        carrier: p.current?.carrier,
        firstFrameMs: p.current?.firstFrameMs,
        trouble: p.trouble,
        report: p.report,
        words: p.renderRoot.querySelector('.trouble, .notice')?.innerText ?? '',
      };
    });
  }

  /** Nothing while the page is being loaded anew. */
  async stateOrNone() {
    return this.state().catch((e) => {
      if (/navigat|context was destroyed/i.test(e.message)) return {};
      throw e;
    });
  }

  /** The text of the panel that says where the film comes from. */
  async sources() {
    await this.page.locator('details').evaluate((d) => (d.open = true));
    return this.page.locator('weir-sources').evaluate((e) => [...e.shadowRoot.children].map((c) => c.innerText ?? '').join('\n'));
  }

  async when(what, test, ms = 20_000) {
    let last;
    try {
      return await until(what, async () => (await test((last = await this.stateOrNone()))) && last, ms);
    } catch (e) {
      const seen = JSON.stringify({ ...last, report: last?.report && { ...last.report, sources: 0, origins: 0, held: 0 } });
      throw new Error(`${e.message}; the player: ${seen}; it said: ${this.said.join(' | ')}`);
    }
  }

  async firstFrame() {
    return this.when('first frame', (s) => s.ready >= 2 && s.firstFrameMs !== undefined);
  }

  async play() {
    await this.page.evaluate(() => document.querySelector('weir-player').video.play());
  }

  async pause() {
    await this.page.evaluate(() => document.querySelector('weir-player').video.pause());
  }

  /** Waits until it has played on by `seconds`. */
  async playsOn(seconds = 1, ms = 20_000) {
    const { time } = await this.state();
    return this.when(`plays on by ${seconds} s from ${time}`, (s) => s.time >= time + seconds, ms);
  }

  /** Seeks while paused; which frame is shown then, when that is, and how long it took. */
  async seek(to, ms = 20_000) {
    const seeking = this.page.evaluate(seekInPage, { to, bits: kBits, square: kSquare });
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error(`the seek to ${to} took over ${ms} ms`)), ms).unref());
    const shown = await Promise.race([seeking, late]);
    return { ...shown, expected: Math.round(shown.mediaTime * kFps) };
  }
}

async function seekInPage({ to, bits, square }) {
  const v = document.querySelector('weir-player').video;
  v.pause();
  const begun = performance.now();
  const frame = new Promise((resolve) => v.requestVideoFrameCallback((_, meta) => resolve(meta.mediaTime)));
  const seeked = new Promise((resolve) => v.addEventListener('seeked', resolve, { once: true }));
  v.currentTime = to;
  await seeked;
  const ms = performance.now() - begun;
  const mediaTime = await frame;
  const canvas = document.createElement('canvas');
  canvas.width = bits * square;
  canvas.height = square;
  const g = canvas.getContext('2d', { willReadFrequently: true });
  g.drawImage(v, 0, 0);
  let number = 0;
  for (let k = 0; k < bits; k++) {
    if (g.getImageData(k * square + square / 2, square / 2, 1, 1).data[0] > 128) number |= 1 << k;
  }
  return { ms, mediaTime, frame: number };
}
