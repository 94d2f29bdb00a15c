import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin, Rollup } from 'vite';

const PAGE = 'post.html';
const WORKER = 'service-worker';
const PLACEHOLDER = '__POST_SHELL__';
/** Stands in the page where the hash of the list of its files goes. */
const BUILD = '__BUILD__';
/** Catalogues of texts that the post's page never shows; their chunks carry the names of their files. */
const FOREIGN_TEXTS = /\/features\/(?!mail\/)[^?]*\.po$/;

/** What both pages load first, with all it needs: in one file, since many small ones compress badly. */
const BASE = /\/src\/(app\/(look-buttons|theme)|ui\/(button|fields|form|notice|status))\.tsx?$/;

const root = fileURLToPath(new URL('../', import.meta.url));
const manifestSource = resolve(root, 'src/post/manifest.json');

/** The inputs of the post's origin: its page, and the service worker that keeps it. */
export const postInputs = {
  post: resolve(root, PAGE),
  [WORKER]: resolve(root, 'src/post/offline/service-worker.ts'),
};

/**
 * Writes what the post's origin needs beside its page: `manifest.webmanifest` with its icons, the list of all files that
 * the page can ask for with their hashes, into the page the hash of that list, which the server signs, and all of it into
 * `service-worker.js`.
 */
export function postApp(): Plugin {
  return {
    name: 'fernamt:post-app',
    apply: 'build',
    enforce: 'post',
    config: () => ({
      build: {
        rolldownOptions: {
          input: { main: resolve(root, 'index.html'), ...postInputs },
          output: {
            // A service worker's name stays: browsers look for a newer one at the same address.
            entryFileNames: ({ name }) =>
              name === WORKER ? '[name].js' : 'assets/[name]-[hash].js',
            codeSplitting: { groups: [{ name: 'base', test: BASE }] },
          },
        },
      },
    }),
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const manifest = JSON.parse(readFileSync(manifestSource, 'utf8')) as Manifest;
        const icons = manifest.icons.map((icon) => {
          const source = readFileSync(resolve(dirname(manifestSource), icon.src));
          const file = this.emitFile({ type: 'asset', name: basename(icon.src), source });
          return { ...icon, src: `/${this.getFileName(file)}` };
        });
        const text = JSON.stringify({ ...manifest, icons });
        this.emitFile({ type: 'asset', fileName: 'manifest.webmanifest', source: text });

        const worker = bundle[`${WORKER}.js`];
        if (worker?.type !== 'chunk') this.error('the service worker was not built');
        if (worker.imports.length > 0) this.error('the service worker must be a single file');
        const parts = partsOf(bundle);
        const list = JSON.stringify(parts);
        const build = createHash('sha256').update(list).digest('hex');
        const fileName = `assets/build-${build.slice(0, 16)}.json`;
        this.emitFile({ type: 'asset', fileName, source: list });
        const page = bundle[PAGE];
        if (page?.type !== 'asset') this.error('the page was not built');
        const html = textOf(page) ?? '';
        if (html.split(BUILD).length !== 2)
          this.error('the page has no single place for its build');
        page.source = html.replace(BUILD, build);
        const kept = [hashed('/', page.source), hashed(`/${fileName}`, list), ...parts];
        const name = createHash('sha256').update(JSON.stringify(kept)).digest('hex').slice(0, 16);
        const shell = JSON.stringify({ build: name, page: '/', files: kept });
        if (worker.code.split(PLACEHOLDER).length !== 2) {
          this.error('the service worker has no single place for its files');
        }
        worker.code = worker.code.replace(PLACEHOLDER, () => shell);
      },
    },
  };
}

type Manifest = { icons: { src: string; sizes: string; type: string; purpose?: string }[] };

/** Everything that the page can come to ask for, from its own names on. */
function partsOf(bundle: Rollup.OutputBundle) {
  const names = Object.keys(bundle).filter((name) => name.startsWith('assets/'));
  const wanted = new Set([PAGE]);
  for (const name of wanted) {
    const text = textOf(bundle[name]);
    for (const other of text === null ? [] : names) {
      if (text?.includes(basename(other)) && !isForeign(bundle[other])) wanted.add(other);
    }
  }
  wanted.delete(PAGE);
  return [...wanted].sort().map((name) => hashed(`/${name}`, bytesOf(bundle[name])));
}

function hashed(path: string, bytes: string | Uint8Array) {
  const hash = createHash('sha384').update(bytes).digest('base64');
  return { path, integrity: `sha384-${hash}` };
}

type Output = Rollup.OutputBundle[string] | undefined;

function isForeign(output: Output): boolean {
  return output?.type === 'chunk' && FOREIGN_TEXTS.test(output.facadeModuleId ?? '');
}

function bytesOf(output: Output): string | Uint8Array {
  if (!output) throw new Error('the page was not built');
  return output.type === 'chunk' ? output.code : output.source;
}

/** What can name other files; null for pictures, fonts and the like. */
function textOf(output: Output): string | null {
  if (output?.type !== 'chunk' && !/\.(html|css|js)$/.test(output?.fileName ?? '')) return null;
  const bytes = bytesOf(output);
  return typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
}
