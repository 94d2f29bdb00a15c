/** A file of the page, and the hash that its bytes must have. */
export type ShellFile = { path: string; integrity: string };

export type Shell = {
  /** Names this build: another one keeps its files elsewhere. */
  build: string;
  /** The page itself; it answers every navigation that the server does not. */
  page: string;
  files: readonly ShellFile[];
};

type Fetching = (request: Request) => Promise<Response>;

const PREFIX = 'fernamt-post-';
/** Tabs of the build before still load parts of it. */
const KEPT_BUILDS = 2;
/** A line that answers nothing for so long is none. */
const PATIENCE_MS = 4_000;

/**
 * The files of the page, kept in the browser so that it opens without a line. Only what the build named is ever kept:
 * no answer of the API, no attachment, nothing of anybody.
 */
export class ShellCache {
  readonly #shell: Shell;
  readonly #caches: CacheStorage;
  readonly #fetch: Fetching;
  readonly #origin: string;
  readonly #integrity: ReadonlyMap<string, string>;

  constructor(shell: Shell, caches: CacheStorage, fetching: Fetching, origin: string) {
    this.#shell = shell;
    this.#caches = caches;
    this.#fetch = fetching;
    this.#origin = origin;
    this.#integrity = new Map(shell.files.map(({ path, integrity }) => [path, integrity]));
  }

  /** Fetches what is not kept yet. All of it, or the build is not taken into use. */
  async fill(): Promise<void> {
    const cache = await this.#caches.open(PREFIX + this.#shell.build);
    await Promise.all(
      this.#shell.files.map(async ({ path, integrity }) => {
        if (await cache.match(path)) return;
        const request = new Request(this.#origin + path, {
          cache: 'no-cache',
          credentials: 'omit',
          redirect: 'error',
          ...(path !== this.#shell.page && { integrity }),
        });
        const response = await this.#fetch(request);
        if (!response.ok) throw new Error(`${path} answered ${response.status}`);
        if (path === this.#shell.page && !(await isPage(response.clone(), integrity))) {
          throw new Error('the page is of another build');
        }
        await cache.put(path, response);
      }),
    );
  }

  /** Fetches what is missing, after the browser or the container's deletion took it. */
  async mend(): Promise<void> {
    const cache = await this.#caches.open(PREFIX + this.#shell.build);
    if ((await cache.keys()).length < this.#shell.files.length) await this.fill();
  }

  /** Forgets builds that no tab can be running any more. */
  async tidy(): Promise<void> {
    const own = PREFIX + this.#shell.build;
    const others = (await this.#caches.keys()).filter(
      (name) => name.startsWith(PREFIX) && name !== own,
    );
    const old = others.slice(0, Math.max(0, others.length - (KEPT_BUILDS - 1)));
    await Promise.all(old.map((name) => this.#caches.delete(name)));
  }

  /** The answer to a request, or null where it is none of our business and goes to the server. */
  answer(request: Request): Promise<Response> | null {
    if (request.method !== 'GET') return null;
    const { origin, pathname } = new URL(request.url);
    if (origin !== this.#origin || /^\/(api|jmap|\.fernamt)\//.test(pathname)) return null;
    if (request.mode === 'navigate') return this.#page(request);
    // The page itself is asked for by whoever wants the server's. Parts of a build before are known by their names alone.
    if (pathname === this.#shell.page) return null;
    const isPart = this.#integrity.has(pathname) || pathname.startsWith('/assets/');
    return isPart ? this.#part(request, pathname) : null;
  }

  /** The server's page where there is a server: it may lead to the sign-in. */
  async #page(request: Request): Promise<Response> {
    const kept = () => this.#keptPage();
    // Asked as a part of this origin: of a navigation that is fetched here the server would hear that another site sent it.
    const own = new Request(request.url, {
      headers: { accept: 'text/html' },
      cache: 'no-store',
      mode: 'same-origin',
      credentials: 'same-origin',
      redirect: 'manual',
    });
    const asked = this.#fetch(own);
    try {
      const response = await Promise.race([asked, patience()]);
      // A redirect is followed by the browser itself.
      if (response && (response.ok || response.type === 'opaqueredirect')) return response;
      // It may be slow only, and there may be nothing else to show.
      return (await kept()) ?? (await asked);
    } catch (error) {
      const page = await kept();
      if (page) return page;
      throw error;
    }
  }

  /** What is kept of this build, as long as it is what the build wrote; else the server's. */
  async #part(request: Request, path: string): Promise<Response> {
    const integrity = this.#integrity.get(path);
    if (integrity === undefined) return (await this.#caches.match(path)) ?? this.#fetch(request);
    const cache = await this.#caches.open(PREFIX + this.#shell.build);
    const kept = await cache.match(path);
    if (kept && (await integrityOf(await kept.clone().arrayBuffer())) === integrity) return kept;
    if (kept) await cache.delete(path);
    return this.#fetch(request);
  }

  /** The kept page, as long as it is what the build wrote. Else it goes, and the next visit with a line fetches it anew. */
  async #keptPage(): Promise<Response | undefined> {
    const cache = await this.#caches.open(PREFIX + this.#shell.build);
    const kept = await cache.match(this.#shell.page);
    const integrity = this.#integrity.get(this.#shell.page) ?? '';
    if (!kept || (await isPage(kept.clone(), integrity))) return kept;
    await cache.delete(this.#shell.page);
    return undefined;
  }
}

function patience(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, null));
}

/** Whether it is the page of this build. It carries the nonce of its answer and the signature of its administration. */
async function isPage(response: Response, integrity: string): Promise<boolean> {
  const text = (await response.text())
    .replace(/ nonce="[\w-]*"/, ' nonce="__NONCE__"')
    .replace(/("build-signature" content=)"[\w-]*"/, '$1"__BUILD_SIGNATURE__"');
  return (await integrityOf(new TextEncoder().encode(text))) === integrity;
}

/** As the attribute `integrity` writes a hash: SHA-384. */
async function integrityOf(bytes: BufferSource): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-384', bytes));
  return `sha384-${btoa(String.fromCharCode(...hash))}`;
}
