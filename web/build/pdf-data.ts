import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const NAME = 'virtual:pdf-data';
const ROOT = fileURLToPath(new URL('../node_modules/pdfjs-dist/', import.meta.url));

/** What PDFs need besides themselves. Tables of East Asian signs are a file of their own: few need them. */
const GROUPS = {
  core: [
    ['standard_fonts', /\.(pfb|ttf)$/],
    ['wasm', /\.wasm$/],
  ],
  signs: [['cmaps', /\.bcmap$/]],
} as const;

/**
 * `import { core, signs } from 'virtual:pdf-data'`: the addresses of two files with all fonts, decoders and tables of
 * pdf.js. Some two hundred files would be a request each, and each would be kept for use without a line. Such a file is
 * gzip over: the length of a JSON text (32 bits, little-endian), that text, which says where each file lies, and the files.
 */
export function pdfData(): Plugin {
  let building = false;
  return {
    name: 'fernamt:pdf-data',
    configResolved({ command }) {
      building = command === 'build';
    },
    resolveId: (source) => (source === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      return Object.keys(GROUPS)
        .map((group) => {
          const address = building
            ? `import.meta.ROLLUP_FILE_URL_${this.emitFile({
                type: 'asset',
                name: `pdf-${group}.bin.gz`,
                source: together(group as keyof typeof GROUPS),
              })}`
            : JSON.stringify(`/@pdf-data/${group}.gz`);
          return `export const ${group} = ${address};`;
        })
        .join('\n');
    },
    configureServer({ middlewares }) {
      middlewares.use('/@pdf-data', (request, response) => {
        const group = request.url?.slice(1, -3) as keyof typeof GROUPS;
        response.end(group in GROUPS ? together(group) : '');
      });
    },
  };
}

function together(group: keyof typeof GROUPS): Buffer {
  const files = GROUPS[group].flatMap(([folder, wanted]) =>
    readdirSync(`${ROOT}${folder}`)
      .filter((name) => wanted.test(name))
      .sort()
      .map((name) => [name, readFileSync(`${ROOT}${folder}/${name}`)] as const),
  );
  let at = 0;
  const places = files.map(([name, { length }]) => {
    at += length;
    return [name, [at - length, at]];
  });
  const head = Buffer.from(JSON.stringify(Object.fromEntries(places)));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return gzipSync(Buffer.concat([length, head, ...files.map(([, bytes]) => bytes)]), { level: 9 });
}
