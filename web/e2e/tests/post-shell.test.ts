import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { accessibilityFaults, overflowsSideways } from '../support/axe.ts';
import { launch, picture, type View, type Visit, visit } from '../support/browser.ts';
import { FakePost } from '../support/fake-post.ts';
import { enterOn, tabTo } from '../support/keyboard.ts';

const PASSPHRASE = 'vier Krähen zählen Schnee';
/** What whoever changed a kept file wrote there. */
const PLANTED = '/* planted */';

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
});
afterEach(async () => {
  await visited.context.close();
  await post.stop();
});

test('by keyboard alone a container is made, locked and unlocked, and the policy refuses nothing', async () => {
  const { page, faults } = visited;
  await page.goto('/');
  await page.getByRole('heading', { name: 'Post auf diesem Gerät einrichten' }).waitFor();
  await tabTo(page, page.locator('#feld-passphrase'));
  await page.keyboard.type('zu kurz');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').first().waitFor();
  await tabTo(page, page.locator('#feld-passphrase'));
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(PASSPHRASE);
  await page.getByText('Stark', { exact: true }).waitFor();
  await tabTo(page, page.locator('#feld-again'));
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press('Enter');
  await open(page);
  expect(await page.getByText('Stadt Auenbrück').count()).toBe(1);

  await enterOn(page, page.getByRole('button', { name: 'Sperren' }));
  await page.getByText('Sie haben die Post gesperrt.').waitFor();
  await page.keyboard.type('falsche Passphrase');
  await page.keyboard.press('Enter');
  await page.getByText('Diese Passphrase stimmt nicht.').first().waitFor();
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press('Enter');
  await open(page);
  expect(post.generation).toBeGreaterThan(0);
  expect(faults).toEqual([]);
});

test('the page opens without a line, keeps nothing of the API, and goes on when the line is back', async () => {
  const { page, context, faults } = visited;
  post.mail.arrive({ subject: 'Wegebau Lindenufer', text: 'Die Unterlagen liegen bei.' });
  await made(page);
  await page.getByText('Wegebau Lindenufer').first().waitFor();
  await kept(page);
  post.goOffline();
  await page.getByText('Wegebau Lindenufer').first().click();
  await page.getByText('Die Unterlagen liegen bei.').first().waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Keine Verbindung' }).waitFor();
  await page.getByText('Ihre Post liegt verschlossen auf diesem Gerät.').waitFor();
  const cached = await cachedPaths(page);
  expect(cached.filter((path) => !/^\/(assets\/[^/]+)?$/.test(path))).toEqual([]);
  expect(cached).toContain('/');
  // A page of a tab that comes later is there as well.
  const other = await context.newPage();
  await other.goto('/posteingang');
  await other.getByRole('heading', { name: 'Keine Verbindung' }).waitFor();

  post.goOnline();
  await unlock(page);
  await page.getByText('Wegebau Lindenufer').first().waitFor();
  // A line that is gone is an error in Chromium's console, and nothing else is.
  expect(faults.filter((fault) => !/ERR_|Failed to fetch/.test(fault))).toEqual([]);
});

test('a page whose kept files somebody changed does not unlock, and comes back from the server', async () => {
  const { page } = visited;
  await made(page);
  await kept(page);
  const changed = await changeKept(page, /^\/assets\/pdf-.*\.js$/);
  await page.getByRole('button', { name: 'Sperren' }).click();
  await unlock(page);
  await page.getByRole('heading', { name: 'Diese Seite ist verändert' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  // Without a line nothing is thrown away.
  post.goOffline();
  await page.getByRole('button', { name: 'Seite neu laden' }).click();
  await page.getByRole('alert').getByText('nicht zu erreichen').waitFor();
  expect(await cachedPaths(page)).toContain('/');
  post.goOnline();
  await page.getByRole('button', { name: 'Seite neu laden' }).click();
  await unlock(page);
  await open(page);
  await kept(page);
  // Nor does the browser run it: what is no more as it was built is asked of the server.
  await changeKept(page, /^\/assets\/pdf-.*\.js$/);
  const runs = await page.evaluate(async (path) => (await fetch(path)).text(), changed);
  expect(runs.startsWith(PLANTED)).toBe(false);
});

test('locking in one tab locks the other, which says so', async () => {
  const { page, context, faults } = visited;
  await made(page);
  const other = await context.newPage();
  await other.goto('/');
  await unlock(other);
  await open(other);
  await page.getByRole('button', { name: 'Sperren' }).click();
  await other.getByText('in einem anderen Fenster oder Tab gesperrt').waitFor();
  await page.getByText('Sie haben die Post gesperrt.').waitFor();
  expect(faults).toEqual([]);
});

test('a wipe by the control desk clears this device at the next contact, the page stays', async () => {
  const { page } = visited;
  await made(page);
  await kept(page);
  post.share = null;
  await page.reload();
  await page.getByText('Der Container auf diesem Gerät wurde gelöscht').waitFor();
  const databases = () => page.evaluate(() => indexedDB.databases());
  await expect.poll(async () => (await databases()).length).toBeLessThan(2);
  await kept(page);
  post.goOffline();
  await page.reload();
  await page.getByText('Auf diesem Gerät liegt noch keine Post').waitFor();
});

test('too many attempts, a sign-in that is too old, and a forgotten passphrase each have a way on', async () => {
  const { page } = visited;
  await made(page);
  await page.reload();
  post.pauseS = 2;
  await unlock(page);
  await page.getByText('Zu viele Versuche hintereinander').waitFor();
  const button = page.getByRole('button', { name: 'Entsperren' });
  expect(await button.isDisabled()).toBe(true);
  await expect.poll(() => button.isDisabled()).toBe(false);
  post.pauseS = 0;

  post.fresh = false;
  await button.click();
  await page.getByRole('link', { name: 'Neu anmelden' }).click();
  await page.locator('#feld-passphrase').waitFor();
  expect(post.signIns).toEqual(['/.fernamt/begin?path=/&fresh=true']);

  await page.getByRole('button', { name: 'Passphrase vergessen' }).click();
  await page.getByRole('button', { name: 'Container löschen' }).click();
  await page.getByText('Der Container ist gelöscht').waitFor();
  expect(post.share).toBeNull();
  await page.locator('#feld-again').waitFor();
});

test('the end of the session closes the open mail, and the way back leads through the sign-in', async () => {
  const { page } = visited;
  await made(page);
  post.refuses = [401, 'not_signed_in'];
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await page.getByText('Ihre Anmeldung ist zu Ende.').waitFor();
  await page.getByRole('link', { name: 'Anmelden' }).click();
  await page.getByRole('heading', { name: 'Post entsperren' }).waitFor();
  expect(post.signIns).toEqual(['/.fernamt/begin?path=/']);
});

test('the passphrase changes', async () => {
  const { page } = visited;
  await made(page);
  await page.getByRole('button', { name: /^Menü von/ }).click();
  await page.getByRole('menuitem', { name: 'Passphrase ändern' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('#feld-before').fill('nicht diese Passphrase');
  await dialog.locator('#feld-passphrase').fill(`${PASSPHRASE} leise`);
  await dialog.locator('#feld-again').fill(`${PASSPHRASE} leise`);
  await dialog.getByRole('button', { name: 'Passphrase ändern' }).click();
  await dialog.getByText('Diese Passphrase stimmt nicht.').first().waitFor();
  await dialog.locator('#feld-before').fill(PASSPHRASE);
  await dialog.getByRole('button', { name: 'Passphrase ändern' }).click();
  await page.getByText('Die Passphrase ist geändert').waitFor();
  await page.reload();
  await unlock(page, `${PASSPHRASE} leise`);
  await open(page);
});

test('when mail is brought here is chosen by keyboard, kept in the container, and shown again', async () => {
  const { page, faults } = visited;
  await made(page);
  const dialog = page.getByRole('dialog');
  const openDialog = async () => {
    await enterOn(page, page.getByRole('button', { name: /^Menü von/ }));
    await page.getByRole('menuitem', { name: 'Abgleich und Hinweise' }).waitFor();
    await page.keyboard.type('Abgl');
    await page.keyboard.press('Enter');
    await dialog.getByLabel('Von selbst abgleichen').waitFor();
  };
  const toggle = async (name: string) => {
    await tabTo(page, dialog.getByRole('checkbox', { name }));
    await page.keyboard.press('Space');
  };
  await openDialog();
  expect(await dialog.ariaSnapshot()).toMatch(
    /dialog "Abgleich und Hinweise"[\s\S]*button "Schließen"[\s\S]*combobox "Von selbst abgleichen"[\s\S]*group "Aus diesen Ordnern"[\s\S]*checkbox "Auf neue Post hinweisen"[\s\S]*button "Speichern"/,
  );
  expect(await accessibilityFaults(page)).toEqual([]);
  await tabTo(page, dialog.getByLabel('Von selbst abgleichen'));
  await page.keyboard.type('Alle 30');
  await toggle('Nur zu bestimmten Zeiten');
  await tabTo(page, dialog.getByLabel('Bis', { exact: true }));
  await page.keyboard.type('1730');
  await toggle('Auch am Wochenende');
  await enterOn(page, dialog.getByRole('button', { name: 'Speichern' }));
  await page.getByRole('status').getByText('Gespeichert', { exact: true }).waitFor();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toMatch(/^Menü von/);
  await page.reload();
  await unlock(page);
  await open(page);
  await openDialog();
  expect(await dialog.getByLabel('Von selbst abgleichen').inputValue()).toBe('30');
  expect(await dialog.getByLabel('Bis', { exact: true }).inputValue()).toBe('17:30');
  expect(await dialog.getByLabel('Auch am Wochenende').isChecked()).toBe(false);
  await picture(page, 'post-abgleich');
  expect(faults).toEqual([]);
});

const views: readonly [string, View][] = [
  ['de-1280', {}],
  ['en-360', { width: 360, language: 'en' }],
  ['de-360-dunkel', { width: 360, theme: 'dark' }],
  ['en-1280-dunkel', { language: 'en', theme: 'dark' }],
];

const screens: readonly [string, (page: Page) => Promise<void>][] = [
  [
    'anlegen',
    async (page) => {
      post.share = new Uint8Array(32);
      await page.goto('/');
      await page.locator('#feld-passphrase').fill('Schneewittchen7');
    },
  ],
  [
    'entsperren',
    async (page) => {
      await made(page);
      await page.locator('.fa-bar__end button').first().click();
      await unlock(page, 'etwas anderes als das');
      await page.locator('.kern-error').first().waitFor();
    },
  ],
  [
    'anmelden',
    async (page) => {
      post.fresh = false;
      await page.goto('/');
      await page.locator('main .kern-btn').waitFor();
    },
  ],
  [
    'stoerung',
    async (page) => {
      await made(page);
      post.generation = 1_000_000;
      await page.reload();
      await unlock(page);
      await page.locator('main .fa-btn--danger').waitFor();
    },
  ],
  [
    'veraendert',
    async (page) => {
      await made(page);
      await kept(page);
      await changeKept(page, /^\/assets\/pdf-.*\.js$/);
      await page.reload();
      await unlock(page);
      await page.locator('main .fa-btn--danger').waitFor();
    },
  ],
  [
    'vergessen',
    async (page) => {
      await made(page);
      await page.reload();
      await page.locator('main .kern-btn--tertiary').last().click();
      await page.getByRole('alertdialog').waitFor();
    },
  ],
  [
    'offen',
    async (page) => {
      post.mail.arrive({ subject: 'Wegebau Lindenufer', text: 'Die Unterlagen liegen bei.' });
      await made(page);
      await page.getByText('Wegebau Lindenufer').first().waitFor();
      await page.locator('.fa-bar__end button').last().click();
      await page.getByRole('menu').waitFor();
    },
  ],
];

for (const [name, comeThere] of screens) {
  test(`every view of ${name} is accessible and fits`, async () => {
    for (const [viewName, view] of views) {
      const { context, page, faults } = await visit(browser, post.origin, view);
      try {
        await comeThere(page);
        await page.waitForLoadState('networkidle');
        await picture(page, `container-${name}-${viewName}`, false);
        expect((await accessibilityFaults(page)).join('\n')).toBe('');
        expect(await overflowsSideways(page)).toBe(false);
        expect(faults).toEqual([]);
      } finally {
        await context.close();
      }
      // The next browser is a device of its own.
      post.share = null;
      post.generation = null;
      post.fresh = true;
    }
  });
}

/** A container on this device, open. */
async function made(page: Page): Promise<void> {
  await page.goto('/');
  await page.locator('#feld-passphrase').fill(PASSPHRASE);
  await page.locator('#feld-again').fill(PASSPHRASE);
  await page.locator('form button[type=submit]').click();
  await open(page);
}

async function unlock(page: Page, passphrase = PASSPHRASE): Promise<void> {
  await page.locator('#feld-passphrase').fill(passphrase);
  await page.locator('form button[type=submit]').click();
}

async function open(page: Page): Promise<void> {
  await page.locator('.fp-shell').waitFor();
}

/** The service worker has all it needs. */
async function kept(page: Page): Promise<void> {
  const named = await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    const worker = await (await fetch('/service-worker.js')).text();
    return worker.split('"integrity"').length - 1;
  });
  expect(named).toBeGreaterThan(10);
  await expect.poll(async () => (await cachedPaths(page)).length).toBe(named);
}

/** Writes something else over a file that the service worker keeps, as whoever has the disk can. */
function changeKept(page: Page, named: RegExp): Promise<string> {
  return page.evaluate(
    async ([source, planted]) => {
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const { url } of await cache.keys()) {
          const { pathname } = new URL(url);
          if (!new RegExp(source).test(pathname)) continue;
          await cache.put(url, new Response(planted));
          return pathname;
        }
      }
      throw new Error('no such file is kept');
    },
    [named.source, PLANTED] as const,
  );
}

function cachedPaths(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const paths: string[] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) paths.push(new URL(url).pathname);
    }
    return paths;
  });
}
