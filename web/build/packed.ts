import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const asked = '?packed';

/**
 * `import address from './large.wasm?packed'`: puts the file into the build compressed, to a third of its size in the
 * program and on the line. Who fetches it unpacks it, if the address ends in `.gz`; while developing it is as it was.
 */
export function packed(): Plugin {
  let building = false;
  return {
    name: 'fernamt:packed',
    enforce: 'pre',
    configResolved({ command }) {
      building = command === 'build';
    },
    async resolveId(source, importer) {
      if (!source.endsWith(asked)) return null;
      const found = await this.resolve(source.slice(0, -asked.length), importer);
      if (!found) return null;
      return building ? `\0${found.id}${asked}` : `${found.id}?url`;
    },
    load(id) {
      if (!id.startsWith('\0') || !id.endsWith(asked)) return null;
      const path = id.slice(1, -asked.length);
      const reference = this.emitFile({
        type: 'asset',
        name: `${basename(path)}.gz`,
        source: gzipSync(readFileSync(path), { level: 9 }),
      });
      return `export default import.meta.ROLLUP_FILE_URL_${reference};`;
    },
  };
}
