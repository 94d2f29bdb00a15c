import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { FakePost } from '../support/fake-post.ts';

const PASSPHRASE = 'vier Krähen zählen Schnee';

/** Browsers tell when a notice was shown; TypeScript does not know of it. */
type Stamped = Notification & { timestamp: number };

let browser: Browser;
let post: FakePost;
let visited: Visit;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  post = await FakePost.start();
  visited = await visit(browser, post.origin);
  await visited.context.grantPermissions(['notifications'], { origin: post.origin });
});
afterEach(async () => {
  await visited.context.close();
  await post.stop();
});

test('whatever a push service delivers shows a notice, and the notice says only that mail came', async () => {
  const { page, context, faults } = visited;
  await page.goto('/');
  await page.locator('#feld-passphrase').waitFor();
  const deliver = await deliverer(context, page);
  // Each takes the place of the one before, and is known by its time.
  const shownSince = (time: number) =>
    page.evaluate(async (time) => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      const since = (all as Stamped[]).filter(({ timestamp }) => timestamp > time);
      return since.map(({ title, body, tag, lang }) => ({ title, body, tag, lang }));
    }, time);
  const newest = () =>
    page.evaluate(async () => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      return Math.max(0, ...(all as Stamped[]).map(({ timestamp }) => timestamp));
    });
  for (const [data, title, lang] of [
    ['{"kind":"mail","language":"de"}', 'Neue Nachricht', 'de'],
    ['{"kind":"mail","language":"en"}', 'New message', 'en'],
    ['{"title":"Von Ada","body":"Geheim"}', 'Neue Nachricht', 'de'],
    ['no JSON at all', 'Neue Nachricht', 'de'],
    ['', 'Neue Nachricht', 'de'],
  ] as const) {
    const before = await newest();
    await deliver(data);
    const shown = [{ title, body: '', tag: 'fernamt-post', lang }];
    await expect.poll(() => shownSince(before)).toEqual(shown);
  }
  expect(await shownSince(0)).toHaveLength(1);
  expect(faults).toEqual([]);
});

test('somebody has a device told, at the hours that they keep, and ends it', async () => {
  const { page, faults } = visited;
  post.push.enabled = true;
  await page.addInitScript(placeOfItsOwn);
  await page.goto('/');
  await page.locator('#feld-passphrase').fill(PASSPHRASE);
  await page.locator('#feld-again').fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Neue Nachricht' }).waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const dialog = page.getByRole('dialog');
  const box = dialog.getByLabel('Auch hinweisen, wenn die Post geschlossen ist');
  const choose = async (isTold: boolean) => {
    await page.getByRole('button', { name: /^Menü von/ }).click();
    await page.getByRole('menuitem', { name: 'Abgleich und Hinweise' }).click();
    await expect.poll(() => box.isEnabled()).toBe(true);
    expect(await box.isChecked()).toBe(!isTold);
    await box.setChecked(isTold);
  };
  await choose(true);
  await dialog.getByLabel('Nur zu bestimmten Zeiten').check();
  expect(await accessibilityFaults(page)).toEqual([]);
  await box.scrollIntoViewIfNeeded();
  await picture(page, 'post-hinweise', false);
  await dialog.getByRole('button', { name: 'Speichern' }).click();
  await page.getByRole('status').getByText('Gespeichert', { exact: true }).waitFor();
  expect(post.push.told).toEqual({
    endpoint: 'https://push.example/1',
    p256dh: 'point',
    auth: 'secret',
    language: 'de',
    from_minute: 420,
    to_minute: 1_080,
    weekends: true,
    time_zone: 'Europe/Berlin',
    without: [],
  });

  // Each time that the mail is opened it is told anew.
  post.push.told = null;
  await page.reload();
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Neue Nachricht' }).waitFor();
  await expect.poll(() => post.push.told?.from_minute).toBe(420);
  await choose(false);
  await dialog.getByRole('button', { name: 'Speichern' }).click();
  await expect.poll(() => post.push.told).toBeNull();
  expect(post.asked.filter((asked) => asked === 'DELETE /api/v1/mail/push')).toHaveLength(1);
  expect(faults).toEqual([]);
});

/** No push service can be reached here: the browser's side of one is made up. */
function placeOfItsOwn(): void {
  let options: PushSubscriptionOptionsInit | undefined;
  const place = () => ({
    options,
    toJSON: () => ({
      endpoint: 'https://push.example/1',
      keys: { p256dh: 'point', auth: 'secret' },
    }),
    unsubscribe: async () => {
      options = undefined;
      return true;
    },
  });
  Object.assign(PushManager.prototype, {
    getSubscription: async () => (options ? place() : null),
    subscribe: async (wanted: PushSubscriptionOptionsInit) => {
      options = wanted;
      return place();
    },
  });
}

/** Delivers to the page's service worker, as a push service does. */
async function deliverer(context: BrowserContext, page: Page) {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  const line = await context.newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    line.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [registration] = registrations;
      if (registration) resolve(registration.registrationId);
    });
  });
  await line.send('ServiceWorker.enable');
  const registrationId = await registered;
  return (data: string) =>
    line.send('ServiceWorker.deliverPushMessage', { origin: post.origin, registrationId, data });
}
