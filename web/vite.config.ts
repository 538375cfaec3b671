/** Builds the page into web/dist: names that hold a hash of the content, nothing inline, and beside each file its compressed forms. */
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { compressed } from './build/compressed.ts';
import { stamped } from './build/stamped.ts';

const REPOSITORY = join(import.meta.dirname, '..');

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [svelte(), stamped(REPOSITORY), compressed()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2024',
    // The Content-Security-Policy allows files of this host only, no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Small pages that one goes through one after the other travel together: they compress better, in fewer requests.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'pages', test: /web\/src\/(?:hosts|server|limits|notifications|doctor|jobs|events|users|asking)\// }] } } },
  },
});
