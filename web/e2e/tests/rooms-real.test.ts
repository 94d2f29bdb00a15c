import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, picture, visit } from '../support/browser.ts';
import { RealOffice } from '../support/real-office.ts';
import { totp } from '../support/totp.ts';

const STORY_MS = 120_000;
const WAIT = { timeout: 20_000 };

/** Booking against the real server: what one person does, the other sees. */
describe('booking in the real office', () => {
  let browser: Browser;
  let office: RealOffice;
  beforeAll(async () => {
    [browser, office] = await Promise.all([launch(), RealOffice.start()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  // Each person signs in once only: a one-time code counts once, and the next takes half a minute.
  const signedIn = async (name: string) => {
    const visited = await visit(browser, office.origin);
    const { context, page } = visited;
    context.setDefaultTimeout(WAIT.timeout);
    const person = office.person(name);
    await page.goto('/besprechungen');
    await page.locator('input[name=name]').fill(person.name);
    await page.locator('input[name=password]').fill(person.password);
    await page.keyboard.press('Enter');
    await page.locator('input[name=code]').fill(totp(person.totp_secret));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Besprechungen' }).waitFor();
    return visited;
  };
  const said = (page: Page, text: string) => page.locator('.fa-toasts').getByText(text).waitFor();
  const inDays = (days: number) =>
    new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(
      Date.now() + days * 86_400_000,
    );

  it(
    'a series is booked, seen by the invited, thinned out, put back and called off',
    async () => {
      const host = await signedIn('erika');
      const guest = await signedIn('max');
      const { page } = host;
      try {
        const { display_name: invited } = office.person('max');
        await page.getByRole('link', { name: 'Besprechung buchen' }).first().click();
        await page.getByLabel('Titel').fill('Runde der Ämter');
        await page.getByLabel('Tag', { exact: true }).fill(inDays(2));
        await page.getByLabel('Beginn').fill('09:00');
        await page.getByLabel('Ende').fill('09:45');
        await page.getByLabel('Wiederholung').selectOption('week');
        await page.getByLabel('Wie viele Termine?').fill('3');
        await page.locator('.fa-dates').getByText('3 Termine').waitFor();
        await page.getByRole('combobox', { name: 'Personen des Hauses' }).fill(invited.slice(0, 4));
        await page.locator('.fa-picker__item', { hasText: invited }).click();
        await page.locator('.fa-invitee', { hasText: invited }).waitFor();
        await page.keyboard.press('Escape');
        await page.locator('form button[type=submit]').click();
        await page.getByRole('heading', { level: 1, name: 'Runde der Ämter' }).waitFor();
        await page.getByText('Fernamt verschickt hier keine E-Mails.').waitFor();

        const dates = page.getByRole('button', { name: /: mehr$/ });
        await expect.poll(() => dates.count(), WAIT).toBe(3);
        await dates.first().click();
        await page.getByRole('menuitem', { name: 'Raumnummer und PIN zeigen' }).click();
        await page.locator('.fa-access dd').first().waitFor();
        const codes = await page.locator('.fa-access dd').allTextContents();
        expect(codes.join(' ')).toMatch(/^\d{3} \d{3} \d{3} \d{6}$/);
        const downloading = page.waitForEvent('download');
        await page.getByRole('button', { name: 'Kalenderdatei herunterladen' }).click();
        const file = await (await downloading).path();
        expect(await readFile(file, 'utf8')).toContain('BEGIN:VEVENT');

        await guest.page.reload();
        const seen = guest.page.getByRole('link', { name: 'Runde der Ämter', exact: true });
        await expect.poll(() => seen.count(), WAIT).toBe(3);
        await seen.first().click();
        await guest.page.locator('.fa-access dd', { hasText: codes[1] ?? '?' }).waitFor();

        await dates.first().click();
        await page.getByRole('menuitem', { name: 'Verschieben' }).click();
        await page.getByRole('dialog').getByLabel('Beginn').fill('10:00');
        await page.getByRole('dialog').getByLabel('Ende').fill('10:45');
        await page.getByRole('dialog').getByRole('button', { name: 'Termin verschieben' }).click();
        await said(page, 'Der Termin ist verschoben.');
        await page.getByText('verschoben', { exact: true }).waitFor();

        await dates.nth(1).click();
        await page.getByRole('menuitem', { name: 'Absagen' }).click();
        await page.getByRole('alertdialog').getByRole('button', { name: 'Termin absagen' }).click();
        await said(page, 'Der Termin ist abgesagt.');
        await expect.poll(() => dates.count(), WAIT).toBe(2);
        await page.getByRole('button', { name: /^Wieder ansetzen:/ }).click();
        await page
          .getByRole('alertdialog')
          .getByRole('button', { name: 'Wieder ansetzen' })
          .click();
        await said(page, 'Der Termin findet wieder statt.');
        await expect.poll(() => dates.count(), WAIT).toBe(3);

        await page.getByRole('link', { name: 'Serie ändern' }).click();
        await page.getByLabel('Titel').fill('Runde aller Ämter');
        await page.getByText('Weitere Einstellungen').click();
        await page.getByRole('radio', { name: 'vertraulich' }).check();
        await page.getByRole('button', { name: 'Änderungen speichern' }).click();
        await page.getByRole('heading', { level: 1, name: 'Runde aller Ämter' }).waitFor();
        await page.getByText('Wer nicht namentlich eingeladen ist, wartet im Warteraum.').waitFor();

        await page.getByRole('button', { name: 'Ganz absagen' }).click();
        await page.getByRole('alertdialog').getByRole('button', { name: 'Ganz absagen' }).click();
        await said(page, 'Die Besprechung ist abgesagt.');
        await guest.page.goto('/besprechungen');
        await guest.page.getByText('Nichts steht an').waitFor();
        expect([...host.faults, ...guest.faults].join('\n')).toBe('');
      } catch (error) {
        await picture(page, 'failed-rooms-real', false).catch(() => undefined);
        throw error;
      } finally {
        await host.context.close();
        await guest.context.close();
      }
    },
    STORY_MS,
  );

  it(
    'a personal room is set up, opened, and entered as oneself',
    async () => {
      const { page, context, faults } = await signedIn('dora');
      try {
        await page.getByRole('link', { name: 'Raum einrichten' }).click();
        await page.getByLabel('Name des Raums').fill('Bei Dora');
        await page.locator('form button[type=submit]').click();
        await page.getByRole('button', { name: 'Raum öffnen' }).click();
        await page.locator('.fa-access dd').first().waitFor();
        await page.getByRole('link', { name: 'Besprechungen' }).first().click();
        await page.getByRole('link', { name: 'Beitreten: Bei Dora' }).click();
        await page.getByRole('heading', { level: 1, name: 'Bei Dora' }).waitFor();
        expect(faults.join('\n')).toBe('');
      } catch (error) {
        await picture(page, 'failed-rooms-real', false).catch(() => undefined);
        throw error;
      } finally {
        await context.close();
      }
    },
    STORY_MS,
  );

  it(
    'what the administration sets holds for those who book',
    async () => {
      const admin = await signedIn('ada');
      const { page } = admin;
      try {
        await page.goto('/verwaltung/besprechungsregeln');
        const meetings = page.getByRole('group', { name: 'Wer darf Besprechungen buchen?' });
        const lectures = page.getByRole('group', { name: 'Wer darf Vorträge buchen?' });
        for (const duty of [meetings, lectures]) await duty.getByLabel('niemand').check();
        await page.getByRole('button', { name: 'Regeln speichern' }).click();
        await said(page, 'Die Regeln gelten ab jetzt.');
        const karl = await signedIn('karl');
        await karl.page.getByText('Nichts steht an').waitFor();
        expect(await karl.page.getByRole('link', { name: 'Besprechung buchen' }).count()).toBe(0);
        await karl.context.close();

        await page.goto('/verwaltung/webhooks/neu');
        await page.getByLabel('Name').fill('Anzeigetafel');
        await page.getByLabel('Adresse').fill('https://tafel.amt.example/heute');
        await page.getByRole('button', { name: 'Webhook anlegen' }).click();
        await page.getByRole('group', { name: 'Geheimnis des Webhooks' }).waitFor();
        await page.getByRole('button', { name: 'Notiert, weiter zum Webhook' }).click();
        await page.getByRole('button', { name: 'Probe senden' }).click();
        await said(page, 'Die Probe ist unterwegs.');
        await page.getByRole('rowheader', { name: /^Probe/ }).waitFor();

        await page.goto('/verwaltung/besprechungen');
        await page.getByText('Plätze belegt').waitFor();
        expect(admin.faults.join('\n')).toBe('');
      } catch (error) {
        await picture(page, 'failed-rooms-real', false).catch(() => undefined);
        throw error;
      } finally {
        await admin.context.close();
      }
    },
    STORY_MS,
  );
});
