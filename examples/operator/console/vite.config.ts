import license from 'rollup-plugin-license';
import { defineConfig } from 'vitest/config';

// For development: `VX11_OPERATOR=http://127.0.0.1:8011 npm run dev`.
const backend = process.env.VX11_OPERATOR ?? 'http://127.0.0.1:8011';

export default defineConfig({
  base: '/operator/ui/',
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2022',
    // The content security policy allows neither inline scripts nor data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      // 'use client' concerns servers that render components.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
      plugins: [license({ thirdParty: { output: { file: 'dist/licenses.txt' } } })],
    },
  },
  server: {
    proxy: {
      '/operator/api': backend,
      '/operator/ws': { target: backend, ws: true },
      '/health': backend,
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
