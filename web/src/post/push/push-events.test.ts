// @vitest-environment node
import { expect, test, vi } from 'vitest';
import { showPost, tellOfMail } from './push-events.ts';

/** What is shown when this came. */
async function shown(said: () => unknown, languages: string[] = ['de-DE']) {
  const showNotification = vi.fn(async (_title: string, _options: NotificationOptions) => {});
  await tellOfMail({ showNotification }, said, languages);
  expect(showNotification).toHaveBeenCalledOnce();
  return showNotification.mock.calls[0];
}

test('a notice says that mail came, in the language of the page, and takes the place of the last', async () => {
  const options = (lang: string) => ({ tag: 'fernamt-post', lang, renotify: true });
  expect(await shown(() => ({ kind: 'mail', language: 'de' }))).toEqual([
    'Neue Nachricht',
    options('de'),
  ]);
  expect(await shown(() => ({ kind: 'mail', language: 'en' }))).toEqual([
    'New message',
    options('en'),
  ]);
});

test('whatever else comes shows the same, and nothing of it', async () => {
  const odd = [
    () => null,
    () => undefined,
    () => 'x',
    () => ({ language: 'fr', title: 'Von Ada', body: 'Geheim' }),
    () => {
      throw new SyntaxError('no JSON');
    },
  ];
  for (const said of odd) {
    expect((await shown(said))?.[0]).toBe('Neue Nachricht');
    expect((await shown(said, ['fr', 'en-GB', 'de']))?.[0]).toBe('New message');
    expect((await shown(said, []))?.[0]).toBe('Neue Nachricht');
    expect(JSON.stringify(await shown(said))).not.toMatch(/Ada|Geheim/);
  }
});

test('a press leads to the page that is open, or to a new one', async () => {
  const openWindow = vi.fn(async () => null);
  const pages = (open: { focused: boolean; focus(): Promise<unknown> }[]) => ({
    matchAll: async () => open,
    openWindow,
  });
  const page = (focused: boolean) => ({ focused, focus: vi.fn(async () => null) });
  const [back, front] = [page(false), page(true)];
  await showPost(pages([back, front]));
  expect([back.focus.mock.calls.length, front.focus.mock.calls.length]).toEqual([0, 1]);
  expect(openWindow).not.toHaveBeenCalled();
  await showPost(pages([back]));
  expect(back.focus).toHaveBeenCalledOnce();
  await showPost(pages([]));
  expect(openWindow).toHaveBeenCalledExactlyOnceWith('/');
  await showPost(pages([{ focused: false, focus: () => Promise.reject(new Error('not now')) }]));
  expect(openWindow).toHaveBeenCalledTimes(2);
});
