import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, picture, visit } from '../support/browser.ts';
import { RealOffice } from '../support/real-office.ts';
import { passSignIn, signIn } from '../support/sign-in.ts';

const STORY_MS = 240_000;
const WAIT_MS = 30_000;
const DAY_MS = 24 * 60 * 60_000;
const PASSPHRASE = 'Wiese-Brunnen-41-Kiel';

type Json = Record<string, unknown>;

/** What surrounds the container, against the real server: opening it without a line, wiping it, and enrolling. */
describe('devices of the real office', () => {
  let browser: Browser;
  let office: RealOffice;
  let desk: Page;
  beforeAll(async () => {
    [browser, office] = await Promise.all([launch(), RealOffice.start()]);
    const administrator = office.people.find(({ roles }) => roles.includes('administrator'));
    if (!administrator) throw new Error('the demo has no administrator');
    const visited = await visit(browser, office.origin);
    visited.context.setDefaultTimeout(WAIT_MS);
    desk = visited.page;
    await signIn(desk, administrator);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  /** Calls the API as the administrator does. */
  const call = async (method: string, path: string, body?: unknown): Promise<Json> =>
    (await desk.evaluate(
      async ([method, path, body]) => {
        const response = await fetch(path as string, {
          method: method as string,
          ...(body !== undefined && {
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          }),
        });
        if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
        return response.json();
      },
      [method, path, body] as const,
    )) as Json;
  const set = async (part: 'container' | 'enrolment', change: Json) => {
    const { version, settings } = await call('GET', '/api/v1/admin/settings');
    const now = settings as Record<string, Json>;
    const next = { ...now, [part]: { ...now[part], ...change } };
    await call('PUT', '/api/v1/admin/settings', { version, settings: next });
  };
  /** The device of this person that has a container. */
  const deviceOf = async (name: string): Promise<Json> => {
    const { items } = await call('GET', '/api/v1/admin/devices?limit=200');
    const person = office.person(name).display_name;
    const found = (items as Json[]).find((one) => one.container && one.person_name === person);
    if (!found) throw new Error(`no container of ${person}`);
    return found;
  };
  const wipe = async (name: string) =>
    call('POST', `/api/v1/admin/devices/${(await deviceOf(name)).id}/wipe`, {});

  const visitor = async (name: string) => {
    const visited = await visit(browser, office.origin);
    visited.context.setDefaultTimeout(WAIT_MS);
    await signIn(visited.page, office.person(name));
    await visited.page.getByRole('link', { name: 'Post', exact: true }).click();
    return visited;
  };
  const make = async (page: Page) => {
    await page.getByLabel('Neue Passphrase').fill(PASSPHRASE);
    await page.getByLabel('Passphrase wiederholen').fill(PASSPHRASE);
    await page.keyboard.press('Enter');
  };
  const passkeys = async (context: BrowserContext, page: Page, hasPrf: boolean) => {
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        hasPrf,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return () => devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  };
  const unlockOffline = async (page: Page, passphrase = PASSPHRASE) => {
    await page.getByLabel('Passphrase', { exact: true }).fill(passphrase);
    await page.getByRole('button', { name: 'Mit Passkey entsperren' }).click();
  };

  it(
    'without a line passphrase and passkey open the mail, in time and until a wipe is heard of',
    async () => {
      await set('container', { offline_days: 7 });
      const { context, page, faults } = await visitor('max');
      await make(page);
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('heading', { name: 'Ohne Verbindung entsperren' }).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      const removeOld = await passkeys(context, page, false);
      await dialog.getByRole('button', { name: 'Passkey einrichten' }).click();
      await dialog.getByText('Dieser Passkey taugt dafür nicht').waitFor();
      await removeOld();
      await passkeys(context, page, true);
      await dialog.getByRole('button', { name: 'Passkey einrichten' }).click();
      await page.getByText('Das Entsperren ohne Verbindung ist eingerichtet').waitFor();

      await page.getByRole('button', { name: 'Neue Nachricht' }).click();
      const { hostname } = new URL(office.origin);
      await page.locator('#feld-mail-to').fill(`max@${hostname}`);
      await page.keyboard.press('Enter');
      await page.getByLabel('Betreff').fill('Wegebau Lindenufer');
      await page.getByLabel('Text der Nachricht').fill('Die Unterlagen liegen bei.');
      await page.getByRole('button', { name: 'Senden', exact: true }).click();
      const row = page.locator('.fa-mail__row', { hasText: 'Wegebau Lindenufer' });
      await row.first().waitFor();
      await kept(page);

      await context.setOffline(true);
      await page.reload();
      await page.getByRole('heading', { name: 'Ohne Verbindung entsperren' }).waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await picture(page, 'post-ohne-verbindung-entsperren');
      await unlockOffline(page, 'nicht die richtige');
      await page.getByText('Diese Passphrase stimmt nicht.').first().waitFor();
      await unlockOffline(page);
      await row.first().click();
      await page.getByText('Die Unterlagen liegen bei.').first().waitFor();

      const now = Date.now();
      await page.clock.setFixedTime(now + 8 * DAY_MS);
      await page.reload();
      await page.getByText('ohne Verbindung entsperren dürfen, ist zu Ende').waitFor();
      expect(await page.getByLabel('Passphrase', { exact: true }).count()).toBe(0);
      await page.clock.setFixedTime(now - DAY_MS);
      await page.reload();
      await unlockOffline(page);
      await page.getByText('Die Uhr dieses Geräts geht nach').waitFor();

      await page.clock.setFixedTime(now + 60_000);
      await page.reload();
      await unlockOffline(page);
      await row.first().waitFor();
      await wipe('max');
      await context.setOffline(false);
      await page.getByText('Der Container auf diesem Gerät wurde gelöscht').waitFor();
      // With the container went what the service worker kept; the page itself is kept anew.
      await kept(page);
      await context.setOffline(true);
      await page.reload();
      await page.getByText('Auf diesem Gerät liegt noch keine Post').waitFor();
      expect(faults.filter((fault) => !/ERR_|Failed to fetch/.test(fault))).toEqual([]);
      await context.close();
    },
    STORY_MS,
  );

  it(
    'terms of use come first, a wipe reaches an open page at once, and a suspension says what to do',
    async () => {
      await set('container', { offline_days: 0 });
      await set('enrolment', { terms_de: 'Nur dienstlich. Nichts weitergeben.', terms_en: '' });
      const { context, page, faults } = await visitor('erika');
      await page.getByRole('heading', { name: 'Nutzungsbedingungen' }).waitFor();
      await page.getByText('Nur dienstlich. Nichts weitergeben.').waitFor();
      expect(await accessibilityFaults(page)).toEqual([]);
      await picture(page, 'post-nutzungsbedingungen');
      const line = page.waitForResponse((response) => response.url().includes('/jmap/eventsource'));
      await page.getByRole('button', { name: 'Ich stimme zu' }).click();
      await make(page);
      const compose = page.getByRole('button', { name: 'Neue Nachricht' });
      await compose.waitFor();
      const device = await deviceOf('erika');
      expect(device.contact).toMatchObject({
        browser: expect.stringMatching(/^(Headless)?Chrom/),
        terms_accepted_at: expect.any(String),
      });

      // The line of events is open.
      await line;
      await call('POST', `/api/v1/admin/devices/${device.id}/wipe`, {});
      await page.getByText('Der Container auf diesem Gerät wurde gelöscht').waitFor({
        timeout: 5_000,
      });

      await set('enrolment', { terms_de: 'Nur dienstlich. Nichts weitergeben. Nichts drucken.' });
      await page.reload();
      await page.getByText('Nichts drucken.').waitFor();
      await page.getByRole('button', { name: 'Ich stimme zu' }).click();
      await make(page);
      await compose.waitFor();

      await call('POST', `/api/v1/admin/devices/${device.id}/suspend`, {});
      const suspended = page.getByRole('heading', {
        name: 'Dieses Gerät ist vorläufig gesperrt',
      });
      await suspended.waitFor({ timeout: 5_000 });
      await page.reload();
      await suspended.waitFor();
      await picture(page, 'post-gesperrt');
      await call('POST', `/api/v1/admin/devices/${device.id}/approve`, {});
      // Whoever is let in again signs in anew, and finds what was there.
      await page.getByRole('link', { name: 'Anmelden' }).click();
      await passSignIn(page, office.person('erika'));
      await page.getByRole('heading', { name: 'Post entsperren' }).waitFor();

      await set('enrolment', { terms_de: '' });
      const bare = await page.goto(`${new URL(page.url()).origin}/.fernamt/enter`);
      expect(bare?.status()).toBe(400);
      await page.getByRole('link', { name: 'Zur Post' }).waitFor();
      expect(faults.filter((fault) => !/ERR_|Failed to fetch/.test(fault))).toEqual([]);
      await context.close();
    },
    STORY_MS,
  );
});

/** Waits until the page is kept for when there is no line. */
async function kept(page: Page): Promise<void> {
  const isKept = () =>
    page.evaluate(async () => {
      const isServed = navigator.serviceWorker.controller !== null;
      return isServed && (await caches.match('/')) !== undefined;
    });
  await expect.poll(isKept, { timeout: WAIT_MS }).toBe(true);
}
