import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { type Person, RealOffice } from '../support/real-office.ts';
import { totp } from '../support/totp.ts';

/** The jobs of somebody who works here, against the real server. */
describe('in the real office', () => {
  let browser: Browser;
  let office: RealOffice;
  beforeAll(async () => {
    [browser, office] = await Promise.all([launch(), RealOffice.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  const credentials = async (page: Page, { name, password }: Person) => {
    await page.locator('input[name=name]').fill(name);
    await page.locator('input[name=password]').fill(password);
    await page.keyboard.press('Enter');
    await page.locator('input[name=code]').waitFor();
  };
  const signIn = async (page: Page, person: Person) => {
    await page.goto('/');
    await credentials(page, person);
    await page.locator('input[name=code]').fill(totp(person.totp_secret));
    await page.keyboard.press('Enter');
    await page.locator('.fa-shell').waitFor();
  };
  const signOut = async (page: Page) => {
    await page.getByRole('button', { name: /^Konto von/ }).click();
    await page.getByRole('menuitem', { name: 'Abmelden' }).click();
    await page.getByText('Sie sind abgemeldet.').waitFor();
  };
  const run = async (story: (visit: Visit) => Promise<void>) => {
    const visited = await visit(browser, office.origin);
    try {
      await story(visited);
      expect(visited.faults).toEqual([]);
    } catch (error) {
      await picture(visited.page, 'failed').catch(() => undefined);
      throw error;
    } finally {
      await visited.context.close();
    }
  };

  it('a wrong code is refused with a sentence, the right one leads back to where one was going', () =>
    run(async ({ page }) => {
      const erika = office.person('erika');
      await page.goto('/konto/geraete');
      await credentials(page, erika);
      await page.locator('input[name=code]').fill('000000');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('Die Anmeldung hat nicht geklappt.').waitFor();
      await page.locator('input[name=code]').fill(totp(erika.totp_secret));
      await page.keyboard.press('Enter');
      await page.getByText('Diese Sitzung', { exact: true }).waitFor();
      expect(new URL(page.url()).pathname).toBe('/konto/geraete');
      expect(await accessibilityFaults(page)).toEqual([]);
      await picture(page, 'office-geraete');
    }));

  it('signing out in one tab ends the others', () =>
    run(async ({ page, context }) => {
      await signIn(page, office.person('max'));
      const second = await context.newPage();
      await second.goto('/konto/darstellung');
      await second.getByText('Wie der Browser').waitFor();
      await signOut(page);
      await second.getByRole('heading', { name: 'Anmelden' }).waitFor();
    }));

  it('a passkey alone opens the door', () =>
    run(async ({ page, context }) => {
      const devtools = await context.newCDPSession(page);
      await devtools.send('WebAuthn.enable');
      await devtools.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      });
      await signIn(page, office.person('dora'));
      await page.goto('/konto/sicherheit');
      await page.getByRole('button', { name: 'Passkey hinzufügen' }).click();
      await page.getByRole('button', { name: 'Passkey anlegen' }).click();
      await page.getByText('Der Passkey ist eingerichtet.').waitFor();
      await picture(page, 'office-passkey');
      await signOut(page);
      // Chromium may take the passkey out of the name field's suggestions by itself.
      await page
        .getByRole('button', { name: 'Mit Passkey anmelden' })
        .click({ timeout: 2_000 })
        .catch(() => undefined);
      await page.locator('.fa-shell').waitFor();
    }));

  it('a recovery code opens it once', () =>
    run(async ({ page }) => {
      const karl = office.person('karl');
      await signIn(page, karl);
      await page.goto('/konto/sicherheit');
      await page.getByRole('button', { name: 'Neue Codes erzeugen' }).click();
      const question = page.getByRole('alertdialog');
      await question.getByRole('button', { name: 'Neue Codes erzeugen' }).click();
      const code = (await page.locator('.fa-codes li').first().textContent()) ?? '';
      await picture(page, 'office-codes', false);
      await page.getByRole('button', { name: 'Codes sind sicher verwahrt' }).click();
      await signOut(page);
      for (const outcome of ['opens', 'is used up']) {
        await credentials(page, karl);
        await page.getByRole('button', { name: /Wiederherstellungscode verwenden/ }).click();
        await page.locator('input[name=code]').fill(code);
        await page.keyboard.press('Enter');
        if (outcome === 'opens') {
          await page.locator('.fa-shell').waitFor();
          await signOut(page);
        } else {
          await page.getByText('Die Anmeldung hat nicht geklappt.').waitFor();
        }
      }
    }));

  it('everything can be done by keyboard: sign in, move, menu, sign out', () =>
    run(async ({ page }) => {
      const ada = office.person('ada');
      await page.goto('/');
      await page.locator('input[name=name]').waitFor();
      await page.keyboard.type(ada.name);
      await page.keyboard.press('Tab');
      await page.keyboard.type(ada.password);
      await page.keyboard.press('Enter');
      await page.locator('input[name=code]:focus').waitFor();
      await page.keyboard.type(totp(ada.totp_secret));
      await page.keyboard.press('Enter');
      await page.locator('.fa-shell').waitFor();
      await page.reload();
      await page.locator('.fa-shell').waitFor();
      await page.keyboard.press('Tab');
      expect(await page.locator(':focus').textContent()).toBe('Zum Inhalt springen');
      await page.keyboard.press('Enter');
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('inhalt');
      const account = page.getByRole('button', { name: /^Konto von/ });
      await account.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menu').waitFor();
      await page.keyboard.press('ArrowUp');
      await page.keyboard.type('Abm');
      await page.keyboard.press('Enter');
      await page.getByText('Sie sind abgemeldet.').waitFor();
    }));
});
