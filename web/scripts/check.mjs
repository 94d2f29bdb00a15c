// Everything that must hold before a change goes in. Says the name of each step, stops at the first fault.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** What the browser loads before the sign-in can be used. */
const FIRST_PAGE_BYTES = 250_000;
/** What it loads before the post can be unlocked. */
const POST_PAGE_BYTES = 280_000;
/** What a kind of attachment loads when the first of it is opened: its own scripts, its worker, its data. */
const VIEWER_BYTES = {
  'viewers/viewer.tsx': 16_000,
  'viewers/document-view.tsx': 2_000,
  'viewers/table-view.tsx': 2_000,
  'viewers/mail-view.tsx': 2_000,
  // Nearly all of it is pdf.js: 145 kB in the page, 385 kB in its worker, 700 kB of fonts and decoders, 875 kB of signs.
  'viewers/pdf/pdf-view.tsx': 2_150_000,
  'files/files-page.tsx': 4_000,
};

const steps = {
  'generated files': () => {
    run('node', 'scripts/icons.mjs', '--check');
    checkSchema();
  },
  'lint and format': () => run('biome', 'ci', '--error-on-warnings', '.'),
  types: () => run('tsc', '-p', '.'),
  'unused code': () => run('knip'),
  'texts are extracted': checkCatalogues,
  'texts are translated': () => run('lingui', 'compile', '--strict'),
  build: () => run('vite', 'build', '--logLevel', 'warn'),
  'first page': () =>
    checkSize(FIRST_PAGE_BYTES, [
      'index.html',
      'src/features/identity/sign-in-page.tsx',
      'src/i18n/locales/de.po',
      'src/features/identity/locales/de.po',
    ]),
  'page of the post': () =>
    checkSize(POST_PAGE_BYTES, ['post.html', 'src/i18n/locales/de.po', 'src/post/locales/de.po']),
  'viewers of attachments': () => {
    const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));
    for (const [name, budgetBytes] of Object.entries(VIEWER_BYTES)) {
      const { file, css = [], assets = [] } = manifest[`src/features/mail/page/${name}`];
      const total = [file, ...css, ...assets].reduce((sum, one) => sum + packedSize(one), 0);
      process.stdout.write(`${name} ${(total / 1000).toFixed(0)} kB … `);
      if (total > budgetBytes) {
        throw new Error(`${name} loads ${total} bytes, ${total - budgetBytes} too many`);
      }
    }
  },
  'the container is sealed': () => {
    const scripts = readdirSync('dist', { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.js'),
    );
    for (const path of scripts) {
      // What `build/container-in-clear.ts` calls its mark.
      if (readFileSync(`dist/${path}`, 'utf8').includes('NOT SEALED: TEST')) {
        throw new Error(`dist/${path} leaves the mail's container unencrypted`);
      }
    }
  },
  'lock file names no host': () => {
    if (readFileSync('package-lock.json', 'utf8').includes('"resolved"')) {
      throw new Error(
        'package-lock.json names a registry: run npm install with the .npmrc of this folder',
      );
    }
  },
};

const wanted = process.argv.slice(2);
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const start = Date.now();
  process.stdout.write(`web: ${name} … `);
  try {
    step();
    console.log(`ok (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.log('FAILED');
    console.error(error.stdout?.toString() ?? '', error.stderr?.toString() ?? '', error.message);
    process.exit(1);
  }
}

function run(program, ...args) {
  const path = existsSync(`node_modules/.bin/${program}`)
    ? `node_modules/.bin/${program}`
    : program;
  return execFileSync(path, args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
}

function checkSchema() {
  const fresh = run('openapi-typescript', '../crates/api/openapi.json');
  if (fresh.trim() !== readFileSync('src/api/api-schema.d.ts', 'utf8').trim()) {
    throw new Error('src/api/api-schema.d.ts is stale: run `npm run generate`');
  }
}

function checkCatalogues() {
  const catalogues = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => /locales\/\w+\.po$/.test(path))
    .map((path) => `src/${path}`);
  const before = new Map(catalogues.map((path) => [path, texts(path)]));
  run('lingui', 'extract', '--clean');
  for (const [path, text] of before) {
    if (texts(path) !== text)
      throw new Error(`${path} was stale: it is fresh now, translate and commit it`);
  }
}

/** The head carries the day of extraction, which says nothing. */
function texts(path) {
  return readFileSync(path, 'utf8').replace(/^"POT-Creation-Date.*$/m, '');
}

/** Compares what a page loads with its budget; the page comes first, then what it asks for at once. */
function checkSize(budgetBytes, [page, ...parts]) {
  const manifest = JSON.parse(readFileSync('dist/.vite/manifest.json', 'utf8'));
  const files = new Set([page]);
  const add = (key) => {
    const entry = manifest[key];
    if (!entry || files.has(entry.file)) return;
    files.add(entry.file);
    for (const css of entry.css ?? []) files.add(css);
    for (const next of entry.imports ?? []) add(next);
  };
  for (const part of [page, ...parts]) add(part);
  for (const { file } of Object.values(manifest)) {
    // The two weights that German text needs, and the mark.
    if (/fira-sans-latin-\d+-normal.*\.woff2$|mark.*\.svg$/.test(file)) files.add(file);
  }
  const sizes = [...files].map((file) => [file, packedSize(file)]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  if (process.env.SIZES)
    for (const [file, size] of sizes.sort((a, b) => b[1] - a[1])) console.log(size, file);
  process.stdout.write(
    `${(total / 1000).toFixed(0)} kB of ${budgetBytes / 1000} kB, ${files.size} files … `,
  );
  if (total > budgetBytes) {
    throw new Error(`${page} loads ${total} bytes, ${total - budgetBytes} too many`);
  }
}

/** As it goes over the line. */
function packedSize(file) {
  const bytes = readFileSync(`dist/${file}`);
  return /\.(woff2|gz)$/.test(file) ? bytes.length : gzipSync(bytes, { level: 9 }).length;
}
