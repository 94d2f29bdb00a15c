import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launch, type Visit, visit } from '../support/browser.ts';
import { enterOn, tabTo } from '../support/keyboard.ts';
import * as admin from '../support/mock-admin.ts';
import { CROWDED } from '../support/mock-admin-mailboxes.ts';
import { MockOffice } from '../support/mock-office.ts';

let browser: Browser;
let office: MockOffice;
let visiting: Visit;
let page: Page;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  office = admin.furnishAdmin(await MockOffice.start());
  visiting = await visit(browser, office.origin);
  page = visiting.page;
});
afterEach(async () => {
  expect(visiting.faults).toEqual([]);
  await visiting.context.close();
  await office.stop();
});

const open = async (path: string) => {
  await page.goto(`/verwaltung${path}`);
  await page.locator('main h1').waitFor();
  await page.waitForLoadState('networkidle');
};
const button = (name: string | RegExp, inside: Page | Locator = page) =>
  inside.getByRole('button', { name, exact: true });
const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
const status = (text: string) => page.locator('.fa-toasts').getByText(text).waitFor();
const hasFocus = (one: Locator) =>
  expect
    .poll(() => one.evaluate((element) => element === document.activeElement).catch(() => false))
    .toBe(true);
const sent = (method: string) =>
  office.calls
    .filter((call) => call.method === method && call.path.includes('/admin/'))
    .map(({ path, body }) => ({ path: path.replace(/.*admin/, ''), body }));

it('makes, shares and deletes a functional mailbox by keyboard, and the focus always has a place', async () => {
  await open('/funktionspostfaecher');
  await enterOn(page, button('Funktionspostfach anlegen'));
  await hasFocus(page.getByRole('textbox', { name: 'Name' }));
  await page.keyboard.type('Gesundheitsamt');
  await page.keyboard.press('Enter');

  // It goes on to those who may work in it.
  const access = dialog('Zugang zu „Gesundheitsamt“');
  await enterOn(page, button('Person hinzufügen', access));
  const rights = dialog('Zugang zu „Gesundheitsamt“ geben');
  await tabTo(page, rights.getByRole('combobox', { name: 'Wer?' }));
  await page.keyboard.type('Lena');
  await page.getByRole('option', { name: 'Lena Hansen' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await tabTo(page, rights.getByRole('checkbox', { name: 'Im Auftrag senden' }));
  await page.keyboard.press('Space');
  await enterOn(page, button('Rechte speichern', rights));
  await access.getByText('Eine Person hat Zugang.').waitFor();
  await hasFocus(button('Person hinzufügen', access));
  expect(sent('PUT').map(({ body }) => body)).toEqual([{ rights: ['read', 'send_on_behalf'] }]);

  // What was pressed goes away with its row.
  await enterOn(page, button('Lena Hansen den Zugang nehmen', access));
  const question = page.getByRole('alertdialog');
  await hasFocus(button('Abbrechen', question));
  await enterOn(page, button('Zugang nehmen', question));
  await status('Lena Hansen hat keinen Zugang mehr.');
  await access.getByText('Niemand hat Zugang.').waitFor();
  await hasFocus(access);
  await page.keyboard.press('Escape');
  await access.waitFor({ state: 'detached' });

  await enterOn(page, button('Gesundheitsamt löschen'));
  const word = question.getByRole('textbox', { name: /Geben Sie zur Bestätigung/ });
  await hasFocus(word);
  await page.keyboard.type('gesundheitsamt@auenbrueck.d');
  await page.keyboard.press('Enter');
  expect(sent('DELETE')).toHaveLength(1);
  await page.keyboard.type('e');
  await page.keyboard.press('Enter');
  await status('„Gesundheitsamt“ ist gelöscht.');
  await hasFocus(page.getByRole('heading', { level: 1 }));
  expect(sent('DELETE')).toHaveLength(2);
});

it('finds one of 200, and keeps the dialog when Escape empties the search', async () => {
  await open('/funktionspostfaecher');
  await enterOn(page, button(`Zugang zu ${CROWDED}`));
  const access = dialog(`Zugang zu „${CROWDED}“`);
  const search = access.getByRole('searchbox');
  await tabTo(page, search);
  await page.keyboard.type('199');
  await expect.poll(() => access.getByRole('listitem').count()).toBe(1);
  await page.keyboard.press('Escape');
  await expect.poll(() => access.getByRole('listitem').count()).toBe(20);
  await hasFocus(search);
  await page.keyboard.press('Escape');
  await access.waitFor({ state: 'detached' });
  await hasFocus(button(`Zugang zu ${CROWDED}`));
});

it('keeps what was chosen while the line is away', async () => {
  await open('/funktionspostfaecher');
  await button('Zugang zu Bürgerbüro').click();
  await button('Rechte von Lena Hansen ändern').click();
  const rights = dialog('Rechte von Lena Hansen in „Bürgerbüro“');
  await rights.getByRole('checkbox', { name: 'Verwalten' }).press('Space');
  await visiting.context.setOffline(true);
  await button('Rechte speichern', rights).click();
  await rights.getByRole('alert').waitFor();
  expect(await rights.getByRole('checkbox', { name: 'Verwalten' }).isChecked()).toBe(true);
  await visiting.context.setOffline(false);
  await button('Rechte speichern', rights).click();
  await rights.waitFor({ state: 'detached' });
  await status('Gespeichert.');
  expect(sent('PUT').map(({ body }) => body)).toEqual([{ rights: ['read', 'manage'] }]);
});

it('lets somebody stand in for a person, and takes that back', async () => {
  await open(`/personen/${admin.people[3]?.id}`);
  const card = page.locator('.fa-card').filter({ hasText: 'Vertretungen im Postfach' });
  await card.getByText('Mehmet Yıldız').waitFor();
  await button('Person hinzufügen', card).click();
  const rights = dialog('Zugang zu „Postfach von Anna Bauer“ geben');
  await rights.getByRole('combobox').fill('Bauer');
  await page.getByText('Nichts gefunden').waitFor();
  await rights.getByRole('combobox').fill('Jana');
  await page.getByRole('option', { name: 'Jana Petersen' }).click();
  await button('Rechte speichern', rights).click();
  await card.getByText('2 Personen haben Zugang.').waitFor();
  for (const name of ['Jana Petersen', 'Mehmet Yıldız']) {
    await button(`${name} den Zugang nehmen`, card).click();
    await button('Zugang nehmen', page.getByRole('alertdialog')).click();
    await status(`${name} hat keinen Zugang mehr.`);
  }
  await card.getByText('Niemand hat Zugang.').waitFor();
  await hasFocus(page.getByRole('heading', { level: 1 }));
});
