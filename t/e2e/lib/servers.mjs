// Real nginx processes with the module: an origin and its edges, on loopback addresses of their own and one port.

import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { kBuild, kHere, kWeb } from './fixture.mjs';
import { until } from './until.mjs';

export const kOrigin = '127.0.0.10';
export const kEdges = ['127.0.0.11', '127.0.0.12'];

/** A port that is free on every address asked for. */
export async function freePort(addresses = [kOrigin, ...kEdges]) {
  for (let tries = 0; tries < 50; tries++) {
    const first = await listen(0, addresses[0]);
    const { port } = first.address();
    const others = await Promise.all(addresses.slice(1).map((a) => listen(port, a).catch(() => undefined)));
    for (const server of [first, ...others]) server?.close();
    if (others.every(Boolean)) return port;
  }
  throw new Error('no port is free on all addresses');
}

function listen(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** One nginx, in a process group of its own, so that a signal reaches master and workers at once. */
export class Server {
  constructor(dir, name, address, port, location) {
    Object.assign(this, { name, address, port, dir: join(dir, name) });
    this.url = `http://${address}:${port}`;
    mkdirSync(join(this.dir, 'tmp'), { recursive: true });
    mkdirSync(join(this.dir, 'logs'), { recursive: true });
    writeFileSync(join(this.dir, 'nginx.conf'), this.conf(location));
  }

  conf(location) {
    return `daemon off;
worker_processes 1;
${process.getuid() === 0 ? 'user root;' : ''}
pid ${this.dir}/nginx.pid;
error_log ${this.dir}/logs/error.log info;
load_module ${kBuild}/ngx_http_weir_module.so;
events { worker_connections 512; }
http {
  types { text/html html; text/css css; text/javascript js; image/svg+xml svg; }
  default_type application/octet-stream;
  log_format line '$remote_addr $request_method $request_uri $status "$http_referer" $http_range';
  access_log ${this.dir}/logs/access.log line;
  client_body_temp_path ${this.dir}/tmp; proxy_temp_path ${this.dir}/tmp; fastcgi_temp_path ${this.dir}/tmp;
  uwsgi_temp_path ${this.dir}/tmp; scgi_temp_path ${this.dir}/tmp;
  ${location.http ?? ''}
  server {
    listen ${this.address}:${this.port};
    location / { ${location.root} }
    ${location.more ?? ''}
    location /pages/ { root ${kHere}; }
    location /films/ { root ${process.env.WEIR_E2E_DIR}; types { video/mp4 mp4; } }
    location /watch/ {
      alias ${kWeb}/;
      try_files $uri /watch/index.html;
      add_header Cache-Control no-cache;
      add_header Access-Control-Allow-Origin *;
    }
  }
}
`;
  }

  async start() {
    const log = openSync(join(this.dir, 'logs', 'stderr.log'), 'a');
    this.child = spawn('nginx', ['-p', this.dir, '-c', join(this.dir, 'nginx.conf')], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.running = true;
    void this.ended.then(() => (this.running = false));
    await until(`${this.name} answers`, async () => {
      if (!this.running) throw new Error(`${this.name} ended at once:\n${this.log('stderr') || this.log('error')}`);
      return (await fetch(`${this.url}/watch/index.html`).catch(() => undefined))?.ok;
    });
    return this;
  }

  log(name) {
    const file = join(this.dir, 'logs', `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  signal(name) {
    process.kill(-this.child.pid, name);
  }
  freeze() {
    this.signal('SIGSTOP');
  }
  thaw() {
    this.signal('SIGCONT');
  }

  async kill() {
    this.signal('SIGKILL');
    await this.ended;
  }

  async stop() {
    if (!this.child || !this.running) return;
    this.thaw();
    this.child.kill('SIGTERM');
    await this.ended;
  }
}

/** Origin and two edges over a library. `roots` gives an edge a library of its own instead of the origin. */
export class Network {
  static async start(shared, dir, { roots = [] } = {}) {
    const net = new Network();
    const port = await freePort();
    const jwks = join(dir, 'jwks.json');
    mkdirSync(dir, { recursive: true });
    writeFileSync(jwks, JSON.stringify(shared.issuer.jwks));
    net.origin = new Server(dir, 'origin', kOrigin, port, { root: `weir_title; weir_root ${shared.library};` });
    net.edges = kEdges.map((address, i) => {
      const title = `weir_title keys=${shared.keys}; weir_token local keys=${jwks};`;
      if (roots[i]) return new Server(dir, `edge-${i + 1}`, address, port, { root: `${title} weir_root ${roots[i]};` });
      return new Server(dir, `edge-${i + 1}`, address, port, {
        http: `weir_store zone=films:16m path=${dir}/store-${i + 1} max_size=500m;`,
        root: `${title} weir_origin @origin; weir_cache films;`,
        more: `location @origin {
          proxy_pass http://${kOrigin}:${port}; proxy_http_version 1.1; proxy_set_header Connection "";
          proxy_buffering off; proxy_connect_timeout 2s; proxy_read_timeout 10s;
        }`,
      });
    });
    net.servers = [net.origin, ...net.edges];
    for (const server of net.servers) await server.start();
    return net;
  }

  watchUrl(title, token, edges = this.edges.map((e) => e.url), page = this.edges[0].url) {
    const fragment = new URLSearchParams({ ...(token ? { token } : {}), edges: edges.join(',') });
    return `${page}/watch/${title}#${fragment}`;
  }

  async stop() {
    for (const server of this.servers) await server.stop();
  }

  /** Lines that no server may have written. */
  complaints() {
    return this.servers.flatMap((s) =>
      s.log('error').split('\n').filter((l) => /\[(alert|emerg|crit)\]|AddressSanitizer|runtime error/.test(l)).map((l) => `${s.name}: ${l}`),
    );
  }
}
