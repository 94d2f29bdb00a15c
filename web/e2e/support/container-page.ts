import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build, type Rollup } from 'vite';
import { containerInClear } from '../../build/container-in-clear.ts';

const entry = fileURLToPath(new URL('container-scenes.ts', import.meta.url));
const page =
  '<!doctype html><html lang="de"><title>Container</title><script type="module" src="/page.js"></script>';

/** What the server says of the web app's pages, as far as it concerns scripts. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "require-trusted-types-for 'script'",
].join('; ');

/** A page with nothing but the mail's container, built as the web app is, on an origin of its own. */
export class ContainerPage {
  readonly origin: string;
  /** Bytes of each script. */
  readonly sizes: Map<string, number>;
  readonly #server: Server;

  private constructor(server: Server, origin: string, sizes: Map<string, number>) {
    this.#server = server;
    this.origin = origin;
    this.sizes = sizes;
  }

  static async start(mode: 'production' | 'container-in-clear'): Promise<ContainerPage> {
    const files = await built(mode);
    const server = createServer((request, response) => {
      const file = files.get(request.url ?? '');
      response.setHeader('content-security-policy', policy);
      response.setHeader('content-type', file ? 'text/javascript' : 'text/html');
      response.statusCode = file || request.url === '/' ? 200 : 404;
      response.end(file ?? page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no port');
    const sizes = new Map([...files].map(([name, code]) => [name, code.length]));
    return new ContainerPage(server, `http://post.localhost:${address.port}`, sizes);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await ended;
  }
}

async function built(mode: string): Promise<Map<string, string>> {
  const result = await build({
    configFile: false,
    mode,
    base: '/',
    logLevel: 'silent',
    plugins: [containerInClear()],
    build: {
      write: false,
      target: 'es2022',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: entry, output: { entryFileNames: 'page.js' } },
    },
  });
  const files = new Map<string, string>();
  for (const { fileName, ...file } of (result as Rollup.RollupOutput).output) {
    files.set(`/${fileName}`, 'code' in file ? file.code : String(file.source));
  }
  return files;
}
