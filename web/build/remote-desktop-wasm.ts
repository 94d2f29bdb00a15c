import type { Plugin } from 'vite';

const module = '@devolutions/iron-remote-desktop-rdp/iron-remote-desktop-rdp.js';
const inlined = /const (\w+) = "data:application\/wasm;base64,([A-Za-z0-9+/=]+)";/;

/**
 * The remote desktop package carries its WebAssembly as a `data:` address, which our content
 * security policy rightly refuses to fetch. This moves it into a file of its own, which is also a
 * quarter smaller and compiles while it loads.
 */
export function remoteDesktopWasm(): Plugin {
  return {
    name: 'fernamt:remote-desktop-wasm',
    apply: 'build',
    transform: {
      filter: { id: /iron-remote-desktop-rdp\.js$/ },
      handler(code, id) {
        const found = inlined.exec(code);
        if (!found?.[1] || !found[2])
          this.error(`${module} no longer inlines its WebAssembly: ${id}`);
        const reference = this.emitFile({
          type: 'asset',
          name: 'remote-desktop.wasm',
          source: Buffer.from(found[2], 'base64'),
        });
        const replacement = `const ${found[1]} = new URL(import.meta.ROLLUP_FILE_URL_${reference}, import.meta.url);`;
        return { code: code.replace(found[0], replacement), map: null };
      },
    },
  };
}
