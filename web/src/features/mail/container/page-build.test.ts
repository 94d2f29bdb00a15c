// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { utf8 } from './bytes.ts';

const LIST = '[{"path":"/assets/a.js","integrity":"sha384-x"}]';
const json = { headers: { 'content-type': 'application/json' } };
let module: typeof import('./page-build.ts');

beforeEach(async () => {
  vi.resetModules();
  module = await import('./page-build.ts');
  const build = await module.hexDigest(utf8(LIST));
  says({ build, 'build-signature': 'AQI_-w' });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

test('a page that is developed has no build', async () => {
  says({ build: '__BUILD__' });
  expect(await module.ownBuild()).toBeNull();
});

test('the list is fetched once, by its hash, and held to it', async () => {
  const fetching = vi.fn(async (_: string) => new Response(LIST, json));
  vi.stubGlobal('fetch', fetching);
  const [one, other] = [await module.ownBuild(), await module.ownBuild()];
  expect(one).toBe(other);
  expect([one?.list, one?.signature]).toEqual([utf8(LIST), new Uint8Array([1, 2, 63, 251])]);
  expect(fetching.mock.calls.map(([path]) => path)).toEqual([
    expect.stringMatching(/^\/assets\/build-[0-9a-f]{16}\.json$/),
  ]);
});

test.each([
  ['another list', 'altered_page', async () => new Response('[]', json)],
  ['none any more', 'altered_page', async () => new Response('', { status: 404 })],
  ['a proxy in its place', 'offline', async () => new Response('', { status: 502 })],
  ['a network that wants a sign-in', 'offline', async () => new Response('<h1>WLAN</h1>')],
  ['no line', 'offline', () => Promise.reject(new TypeError('no line'))],
] as const)('a server with %s: %s, and it is asked again', async (_, kind, answer) => {
  vi.stubGlobal('fetch', answer);
  await expect(module.ownBuild()).rejects.toMatchObject({ kind });
  vi.stubGlobal('fetch', async () => new Response(LIST, json));
  expect((await module.ownBuild())?.list).toEqual(utf8(LIST));
});

test('a browser that refuses the question keeps nothing', async () => {
  vi.stubGlobal('caches', { match: () => Promise.reject(new DOMException('', 'SecurityError')) });
  expect(await module.keptFile('/assets/a.js')).toBeUndefined();
});

/** A page with these words about itself. */
function says(words: Record<string, string>): void {
  const querySelector = (asked: string) => {
    const name = /^meta\[name="(.+)"\]$/.exec(asked)?.[1] ?? '';
    return name in words ? { content: words[name] } : null;
  };
  vi.stubGlobal('document', { querySelector });
}
