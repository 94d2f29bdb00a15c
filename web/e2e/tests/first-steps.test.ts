import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults, overflowsSideways } from '../support/axe.ts';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { call } from '../support/call.ts';
import { enterOn, tabTo } from '../support/keyboard.ts';
import { ServedOffice } from '../support/served-office.ts';
import { freshCode } from '../support/sign-in.ts';

const STORY_MS = 60_000;
const PASSWORD = 'Morgenstund am breiten Fluss';

/** From `fernamt serve` on an empty machine to the second person at work; nobody touches a mouse. */
describe('the first steps of an office', () => {
  let browser: Browser;
  let office: ServedOffice;
  let first: Visit;

  beforeAll(async () => {
    [browser, office] = await Promise.all([launch(), ServedOffice.startEmpty()]);
    first = await visit(browser, office.origin);
  });
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  const sound = async (page: Page, name: string) => {
    await picture(page, `office-${name}`);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await overflowsSideways(page)).toBe(false);
  };

  it(
    'begin with a one-time link, which makes the first administrator by keyboard alone',
    async () => {
      const { page, faults } = first;
      await page.goto(office.link ?? 'no link was printed');
      await page.locator('input[name=display_name]:focus').waitFor();
      await sound(page, 'einrichten');
      await page.keyboard.type('Ada Erste');
      await tabTo(page, page.locator('input[name=name]'));
      await page.keyboard.type('ada.erste');
      await tabTo(page, page.locator('input[name=password]'));
      await page.keyboard.type('zu kurz');
      await page.keyboard.press('Enter');
      await enterOn(page, page.getByRole('link', { name: /^Wählen Sie ein Passwort mit mind/ }));
      await page.locator('input[name=password]:focus').waitFor();
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type(PASSWORD);
      await tabTo(page, page.locator('input[name=again]'));
      await page.keyboard.type(PASSWORD);
      await page.keyboard.press('Enter');
      await enrol(page, 'einrichten-zweiter-schritt');
      // What comes next is told where it is done.
      await page.getByRole('heading', { level: 1, name: 'Überblick' }).waitFor();
      await page.getByRole('banner').getByText('Stadt Musterhausen').waitFor();
      await page.getByText('Personen anlegen').waitFor();
      await sound(page, 'einrichten-fertig');
      expect(faults).toEqual([]);
    },
    STORY_MS,
  );

  it('void the link with its first use', async () => {
    const { page, context, faults } = await visit(browser, office.origin);
    await page.goto(office.link ?? '');
    await page
      .getByText('Dieser Einrichtungslink ist unvollständig, verbraucht oder abgelaufen')
      .waitFor();
    await page.getByText('Erzeugen Sie auf dem Server mit fernamt setup einen neuen').waitFor();
    await sound(page, 'einrichten-verbraucht');
    expect(faults).toEqual([]);
    await context.close();
  });

  it(
    'let a new person enrol at the first sign-in, by keyboard alone, and sign in with the code',
    async () => {
      const nora = { name: 'n.neu', display_name: 'Nora Neu' };
      const made = await call<{ password: string }>(first.page, 'POST', '/admin/people', nora);
      const { page, context, faults } = await visit(browser, office.origin, { width: 360 });
      await page.goto('/');
      await page.locator('input[name=name]:focus').waitFor();
      await typeCredentials(page, nora.name, made.password);
      await enterOn(page, page.getByRole('button', { name: /^Erste Anmeldung\?/ }));
      const secret = await enrol(page, 'erste-anmeldung');
      await page.getByRole('button', { name: /^Konto von/ }).waitFor();
      await sound(page, 'erste-anmeldung-fertig');

      await enterOn(page, page.getByRole('button', { name: /^Konto von/ }));
      await page.getByRole('menu').waitFor();
      await page.keyboard.type('Abm');
      await page.keyboard.press('Enter');
      await page.getByText('Sie sind abgemeldet.').waitFor();
      await tabTo(page, page.locator('input[name=name]'));
      await typeCredentials(page, nora.name, made.password);
      await page.keyboard.type(await freshCode(secret));
      await page.keyboard.press('Enter');
      await page.locator('.fa-shell').waitFor();
      expect(faults).toEqual([]);
      await context.close();
    },
    STORY_MS,
  );

  const typeCredentials = async (page: Page, name: string, password: string) => {
    await page.keyboard.type(name);
    await tabTo(page, page.locator('input[name=password]'));
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.locator('input[name=code]:focus').waitFor();
  };

  /** Sets an authenticator app up by the secret in letters, keeps the recovery codes, and goes in. */
  const enrol = async (page: Page, name: string): Promise<string> => {
    await page.locator('.fa-qr').waitFor();
    await enterOn(page, page.locator('summary', { hasText: 'lässt sich nicht einlesen' }));
    const secret = (await page.locator('.fa-copy code').textContent())?.replaceAll(' ', '') ?? '';
    await sound(page, name);
    await tabTo(page, page.locator('input[name=code]'));
    await page.keyboard.type('000000');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Der Code stimmt nicht.').waitFor();
    await tabTo(page, page.locator('input[name=code]'));
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type(await freshCode(secret));
    await page.keyboard.press('Enter');
    await page.getByText('Diese Codes sehen Sie nur jetzt').waitFor();
    await sound(page, `${name}-codes`);
    await enterOn(page, page.getByRole('button', { name: 'Codes sind sicher verwahrt, weiter' }));
    await page.locator('.fa-shell').waitFor();
    return secret;
  };
});
