import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { lingui } from '@lingui/vite-plugin';
import react from '@vitejs/plugin-react';
import { build, type Rollup } from 'vite';
import { containerInClear } from '../../build/container-in-clear.ts';
import { kernSubset } from '../../build/kern-subset.ts';
import { ownLanguages } from '../../build/own-languages.ts';
import { pdfData } from '../../build/pdf-data.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entry = fileURLToPath(new URL('mail-scenes.tsx', import.meta.url));
const SCRIPT = '/scenes.js';

/** What the server says of the web app's pages. */
const policyFor = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "require-trusted-types-for 'script'",
    'trusted-types fernamt-own-scripts fernamt-mail',
  ].join('; ');
/** And of its scripts, in case one is started as a worker. */
const WORKER_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'";

const TYPES: Record<string, string> = {
  js: 'text/javascript',
  mjs: 'text/javascript',
  gz: 'application/gzip',
  css: 'text/css',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

/** The mail page over a mailbox in memory, built and guarded as the web app is. */
export class MailPageServer {
  readonly origin: string;
  readonly #server: Server;

  private constructor(server: Server, origin: string) {
    this.#server = server;
    this.origin = origin;
  }

  static async start(): Promise<MailPageServer> {
    const files = await built();
    const sheets = [...files.keys()]
      .filter((name) => name.endsWith('.css'))
      .map((name) => `<link rel="stylesheet" href="${name}">`);
    const server = createServer((request, response) => {
      const nonce = randomBytes(16).toString('hex');
      const path = new URL(request.url ?? '/', 'http://post').pathname;
      const file = files.get(path);
      const end = path.split('.').at(-1) ?? '';
      const isScript = /^m?js$/.test(end);
      response.setHeader('content-security-policy', isScript ? WORKER_POLICY : policyFor(nonce));
      response.setHeader('content-type', file ? (TYPES[end] ?? 'text/plain') : 'text/html');
      response.statusCode = file !== undefined || path === '/' ? 200 : 404;
      response.end(
        file ??
          `<!doctype html><html lang="de"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
          <meta property="csp-nonce" nonce="${nonce}"><title>Post</title><link rel="icon" href="data:,">${sheets.join('')}
          </head><body><div id="app"></div><script type="module" src="${SCRIPT}"></script></body></html>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no port');
    return new MailPageServer(server, `http://post.localhost:${address.port}`);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await ended;
  }
}

async function built(): Promise<Map<string, string | Uint8Array>> {
  const result = await build({
    root,
    base: '/',
    logLevel: 'silent',
    // As the web app is built, but for its pages.
    configFile: false,
    plugins: [
      react({ babel: { plugins: ['@lingui/babel-plugin-lingui-macro'] } }),
      lingui(),
      ownLanguages('de-DE', 'en-US'),
      containerInClear(),
      pdfData(),
    ],
    css: { postcss: { plugins: [kernSubset()] } },
    build: {
      write: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      cssCodeSplit: false,
      rolldownOptions: { input: entry, output: { entryFileNames: SCRIPT.slice(1) } },
    },
  });
  const { output } = (Array.isArray(result) ? result[0] : result) as Rollup.RollupOutput;
  return new Map(
    output.map((file) => [`/${file.fileName}`, 'code' in file ? file.code : file.source]),
  );
}
