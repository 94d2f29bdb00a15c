import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { renewPage } from './keep-page.ts';

const PAGE = `<meta name="build" content="${'0a'.repeat(32)}" />`;
const deleted = vi.fn(async () => true);
const reload = vi.fn();

beforeEach(() => {
  vi.stubGlobal('caches', { keys: async () => ['one', 'two'], delete: deleted });
  vi.stubGlobal('location', { reload });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

test("the server's page takes the place of the one that is kept", async () => {
  vi.stubGlobal('fetch', async () => new Response(PAGE));
  expect(await renewPage()).toBe(true);
  expect(deleted.mock.calls).toEqual([['one'], ['two']]);
  expect(reload).toHaveBeenCalledOnce();
});

test.each([
  ['no line', () => Promise.reject(new TypeError('no line'))],
  ['a proxy in its place', async () => new Response(PAGE, { status: 502 })],
  ['a network that wants a sign-in', async () => new Response('<h1>WLAN</h1>')],
])('with %s the kept page stays', async (_, answer) => {
  vi.stubGlobal('fetch', answer);
  expect(await renewPage()).toBe(false);
  expect(deleted).not.toHaveBeenCalled();
  expect(reload).not.toHaveBeenCalled();
});
