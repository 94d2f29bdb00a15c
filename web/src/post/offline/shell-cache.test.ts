// @vitest-environment node

import { createHash } from 'node:crypto';
import { beforeEach, expect, test, vi } from 'vitest';
import { type Shell, ShellCache } from './shell-cache.ts';

const ORIGIN = 'https://post.fernamt.example';
const BUILT_PAGE =
  '<meta property="csp-nonce" nonce="__NONCE__" /><meta name="build-signature" content="__BUILD_SIGNATURE__" />the page';
const PAGE = BUILT_PAGE.replace('__NONCE__', 'a-_1').replace('__BUILD_SIGNATURE__', 'c-_2');
const PAGE_FILE = { path: '/', integrity: integrity(BUILT_PAGE) };
const PART = '/assets/post-1.js';
const PART_FILE = { path: PART, integrity: integrity(`server: ${PART}`) };
const SHELL: Shell = {
  build: 'two',
  page: '/',
  files: [PAGE_FILE, PART_FILE],
};

let caches: TestCaches;
let asked: string[];
let server: (path: string) => Promise<Response>;

beforeEach(() => {
  caches = new TestCaches();
  asked = [];
  server = async (path) => new Response(path === '/' ? PAGE : `server: ${path}`);
});

test('what the build names is fetched once, without cookies, and held to its hash', async () => {
  const requests: Request[] = [];
  const cache = shellCache(SHELL, requests);
  await cache.fill();
  await cache.fill();
  expect(requests.map(({ url, credentials, redirect }) => [url, credentials, redirect])).toEqual([
    [`${ORIGIN}/`, 'omit', 'error'],
    [`${ORIGIN}/assets/post-1.js`, 'omit', 'error'],
  ]);
  const sealed = { ...SHELL, build: 'three', files: [{ path: '/a.js', integrity: 'sha384-abc' }] };
  await shellCache(sealed, requests).fill();
  expect(requests.at(-1)?.integrity).toBe('sha384-abc');
});

test('what was taken from it is fetched again, and nothing else is', async () => {
  const cache = shellCache();
  await cache.mend();
  expect(asked).toEqual(['/', '/assets/post-1.js']);
  await cache.mend();
  expect(asked).toHaveLength(2);
  await caches.delete('fernamt-post-two');
  await cache.mend();
  expect(asked).toHaveLength(4);
});

test('a build that cannot be fetched whole is not taken', async () => {
  server = async (path) => (path === '/' ? new Response(PAGE) : new Response('', { status: 404 }));
  await expect(shellCache().fill()).rejects.toThrow('/assets/post-1.js answered 404');
});

test('a page of another build is not kept beside the files of this one', async () => {
  server = async (path) =>
    new Response(path === '/' ? PAGE.replace('the page', 'a newer page') : '');
  await expect(shellCache().fill()).rejects.toThrow('the page is of another build');
});

test('the API, the sign-in, other methods and other origins are none of its business', () => {
  const cache = shellCache();
  for (const [path, method] of [
    ['/api/v1/container', 'GET'],
    ['/jmap/session', 'GET'],
    ['/jmap/api', 'POST'],
    ['/.fernamt/begin?path=/', 'GET'],
    ['/assets/post-1.js', 'POST'],
    ['/service-worker.js', 'GET'],
  ] as const) {
    expect(cache.answer(request(path, { method }))).toBeNull();
  }
  expect(cache.answer(new Request('https://elsewhere.example/assets/post-1.js'))).toBeNull();
  expect(cache.answer(navigation('/.fernamt/begin?path=/'))).toBeNull();
});

test('the server answers navigations; without one, or while it is broken, the kept page does', async () => {
  const cache = shellCache();
  await cache.fill();
  expect(await textOf(cache.answer(navigation('/eingang')))).toBe('server: /eingang');
  server = async () => new Response('', { status: 502 });
  expect(await textOf(cache.answer(navigation('/eingang')))).toBe(PAGE);
  server = () => Promise.reject(new TypeError('no line'));
  expect(await textOf(cache.answer(navigation('/')))).toBe(PAGE);
  caches = new TestCaches();
  await expect(shellCache().answer(navigation('/'))).rejects.toThrow('no line');
});

test('a line that does not answer is not waited for', async () => {
  vi.useFakeTimers();
  try {
    const cache = shellCache();
    await cache.fill();
    server = () => new Promise(() => {});
    const answer = textOf(cache.answer(navigation('/')));
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await answer).toBe(PAGE);
  } finally {
    vi.useRealTimers();
  }
});

test('parts come from what is kept, also from the build before; what is not kept stays unkept', async () => {
  await shellCache({
    build: 'one',
    page: '/',
    files: [{ path: '/assets/old.js', integrity: '' }],
  }).fill();
  const cache = shellCache();
  await cache.fill();
  asked = [];
  await textOf(cache.answer(request('/assets/post-1.js')));
  await textOf(cache.answer(request('/assets/old.js')));
  expect(asked).toEqual([]);
  await textOf(cache.answer(request('/assets/new.js')));
  await textOf(cache.answer(request('/assets/new.js')));
  expect(asked).toEqual(['/assets/new.js', '/assets/new.js']);
});

test('a kept part that somebody changed is not used: the server is asked, and without one there is nothing', async () => {
  const cache = shellCache();
  await cache.fill();
  const kept = await caches.open('fernamt-post-two');
  await kept.put(PART, new Response('changed'));
  asked = [];
  expect(await textOf(cache.answer(request(PART)))).toBe(`server: ${PART}`);
  expect(asked).toEqual([PART]);
  // It was thrown away, and comes back with the next visit.
  await cache.mend();
  asked = [];
  expect(await textOf(cache.answer(request(PART)))).toBe(`server: ${PART}`);
  expect(asked).toEqual([]);
  await kept.put(PART, new Response('changed'));
  server = () => Promise.reject(new TypeError('no line'));
  await expect(cache.answer(request(PART))).rejects.toThrow('no line');
});

test('a kept page that somebody changed is not shown, one with another nonce and signature is', async () => {
  const cache = shellCache();
  await cache.fill();
  const kept = await caches.open('fernamt-post-two');
  server = () => Promise.reject(new TypeError('no line'));
  const other = PAGE.replace('a-_1', 'zzz').replace('c-_2', 'yyy');
  await kept.put('/', new Response(other));
  expect(await textOf(cache.answer(navigation('/')))).toBe(other);
  await kept.put('/', new Response(PAGE.replace('the page', 'a changed page')));
  await expect(cache.answer(navigation('/'))).rejects.toThrow('no line');
  // Nor does it stay: the next visit with a line fetches it anew.
  server = async (path) => new Response(path === '/' ? PAGE : `server: ${path}`);
  await cache.mend();
  server = () => Promise.reject(new TypeError('no line'));
  expect(await textOf(cache.answer(navigation('/')))).toBe(PAGE);
});

test('whoever asks for the page and does not go there gets the server, and the kept one stays', async () => {
  const cache = shellCache();
  await cache.fill();
  expect(cache.answer(request('/'))).toBeNull();
  server = () => Promise.reject(new TypeError('no line'));
  expect(await textOf(cache.answer(navigation('/')))).toBe(PAGE);
});

test('builds before the last one are forgotten, the caches of others are left alone', async () => {
  for (const name of ['other', 'fernamt-post-zero', 'fernamt-post-one', 'fernamt-post-two']) {
    await caches.open(name);
  }
  await shellCache().tidy();
  expect(await caches.keys()).toEqual(['other', 'fernamt-post-one', 'fernamt-post-two']);
});

function integrity(text: string): string {
  return `sha384-${createHash('sha384').update(text).digest('base64')}`;
}

function shellCache(shell = SHELL, requests: Request[] = []): ShellCache {
  const fetching = (request: Request) => {
    requests.push(request);
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    return server(pathname);
  };
  return new ShellCache(shell, caches as unknown as CacheStorage, fetching, ORIGIN);
}

function request(path: string, init: RequestInit = {}): Request {
  return new Request(ORIGIN + path, init);
}

/** Pages cannot make a request for a navigation themselves. */
function navigation(path: string): Request {
  const asked = request(path);
  Object.defineProperty(asked, 'mode', { value: 'navigate' });
  return asked;
}

async function textOf(answer: Promise<Response> | null): Promise<string | undefined> {
  return (await answer)?.text();
}

/** As much of a browser's caches as is used. */
class TestCaches {
  readonly #caches = new Map<string, Map<string, Response>>();

  async open(name: string) {
    const cache = this.#caches.get(name) ?? new Map<string, Response>();
    this.#caches.set(name, cache);
    return {
      match: async (path: string) => cache.get(path)?.clone(),
      keys: async () => [...cache.keys()],
      put: async (path: string, response: Response) => void cache.set(path, response),
      delete: async (path: string) => cache.delete(path),
    };
  }

  async match(path: string) {
    for (const cache of this.#caches.values()) if (cache.has(path)) return cache.get(path)?.clone();
    return undefined;
  }

  async keys() {
    return [...this.#caches.keys()];
  }

  async delete(name: string) {
    return this.#caches.delete(name);
  }
}
