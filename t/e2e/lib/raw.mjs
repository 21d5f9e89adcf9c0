// Chromium without a debugger: what lives and how fast things go is only true without one. It opens pages/drive.html,
// which posts its report here.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kChromium, kFlags } from './browser.mjs';

export async function drive(net, orders, ms = 60_000) {
  const { collector, url, report } = await collect();
  const profile = mkdtempSync(join(tmpdir(), 'weir-chromium-'));
  const fragment = encodeURIComponent(JSON.stringify({ ...orders, collector: url }));
  const flags = [...kFlags, '--headless', `--user-data-dir=${profile}`];
  const page = `${net.edges[0].url}/pages/drive.html#${fragment}`;
  const child = spawn(kChromium, [...flags, page], { stdio: 'ignore', detached: true });
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`no report after ${ms} ms`)), ms)));
  try {
    const answer = await Promise.race([report, late]);
    if (answer.error) throw new Error(answer.error);
    return answer;
  } finally {
    clearTimeout(timer);
    collector.close();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function collect() {
  let resolve;
  const report = new Promise((r) => (resolve = r));
  const collector = createServer((request, response) => {
    let body = '';
    request.on('data', (d) => (body += d));
    request.on('end', () => {
      response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end();
      resolve(JSON.parse(body));
    });
  });
  await new Promise((r) => collector.listen(0, '127.0.0.1', r));
  return { collector, url: `http://127.0.0.1:${collector.address().port}/`, report };
}
