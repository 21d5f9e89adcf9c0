// One page and one service worker under /watch/. The worker is built on its own into a single classic script with a
// fixed name: its address is its identity, and not every browser loads modules there.

import { build, type Plugin, type Rollup } from 'vite';
import { defineConfig } from 'vitest/config';

function serviceWorker(): Plugin {
  return {
    name: 'weir-service-worker',
    apply: 'build',
    async generateBundle() {
      const result = (await build({
        configFile: false,
        logLevel: 'warn',
        build: {
          write: false,
          modulePreload: false,
          rollupOptions: {
            input: 'src/browser/sw.ts',
            output: { format: 'iife', entryFileNames: 'sw.js' },
          },
        },
      })) as Rollup.RollupOutput;
      const [chunk] = result.output;
      this.emitFile({ type: 'asset', fileName: 'sw.js', source: chunk.code });
    },
  };
}

export default defineConfig({
  base: '/watch/',
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  plugins: [serviceWorker()],
  test: { include: ['t/**/*.test.ts'], environment: 'node', setupFiles: ['t/support/node.ts'] },
});
