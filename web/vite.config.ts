import { lingui } from '@lingui/vite-plugin';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { containerInClear } from './build/container-in-clear.ts';
import { kernSubset } from './build/kern-subset.ts';
import { ownLanguages } from './build/own-languages.ts';
import { packed } from './build/packed.ts';
import { pdfData } from './build/pdf-data.ts';
import { postApp } from './build/post-app.ts';
import { remoteDesktopWasm } from './build/remote-desktop-wasm.ts';

export default defineConfig({
  plugins: [
    react({ babel: { plugins: ['@lingui/babel-plugin-lingui-macro'] } }),
    lingui(),
    ownLanguages('de-DE', 'en-US'),
    remoteDesktopWasm(),
    packed(),
    pdfData(),
    containerInClear(),
    postApp(),
  ],
  css: { postcss: { plugins: [kernSubset()] } },
  build: {
    target: 'es2022',
    // The content security policy forbids `data:` fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: { '/api': { target: process.env.FERNAMT_URL ?? 'http://127.0.0.1:8080', ws: true } },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./build/patience.ts'],
  },
});
