import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { accessibilityFaults, overflowsSideways } from '../support/axe.ts';
import { launch, type View, type Visit, visit } from '../support/browser.ts';
import { tabTo } from '../support/keyboard.ts';
import * as admin from '../support/mock-admin.ts';
import { MockOffice, problem } from '../support/mock-office.ts';

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
});
afterEach(async () => {
  expect(visiting.faults).toEqual([]);
  await visiting.context.close();
  await office.stop();
});

const open = async (path: string, view: View = {}) => {
  visiting = await visit(browser, office.origin, view);
  page = visiting.page;
  await page.goto(`/verwaltung${path}`);
  await page.locator('main h1').waitFor();
  await page.waitForLoadState('networkidle');
};
const cell = (name: string) => page.getByRole('combobox', { name, exact: true });
const table = () =>
  office.calls
    .filter(({ method, path }) => method === 'PUT' && path.endsWith('/admin/features'))
    .map(({ body }) => body as { switches: Record<string, unknown>[] });

it('takes a feature from a group by keyboard, and the table says so from then on', async () => {
  const [, , third] = admin.groups;
  if (!third) throw new Error('the office has three groups');
  await open('/funktionen');
  expect(await cell('Ablage im Container: alle').inputValue()).toBe('on');

  await tabTo(page, page.getByRole('combobox', { name: /Gruppe in die Tabelle nehmen/ }));
  await page.keyboard.type(third.name);
  await page.getByRole('option', { name: third.name }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const absence = cell(`Abwesenheitsnotiz: ${third.name}`);
  expect(await absence.inputValue()).toBe('as_all');
  await absence.selectOption('off');
  await cell('Bilder aus dem Internet laden: alle').selectOption('off');
  await page.getByRole('button', { name: 'Funktionen speichern' }).press('Enter');
  await page.locator('.fa-toasts').getByText('Die Funktionen gelten ab jetzt so').waitFor();

  const [sent] = table();
  const of = (feature: string) => sent?.switches.find((one) => one.feature === feature);
  expect(sent?.switches).toHaveLength(10);
  expect(of('absence')).toEqual({ feature: 'absence', everybody: true, on: [], off: [third.id] });
  expect(of('pictures')).toMatchObject({ everybody: false, on: [], off: [] });
  expect(await absence.inputValue()).toBe('off');
});

it('keeps what was chosen where somebody else changed the table meanwhile', async () => {
  await open('/funktionen');
  await cell('Abwesenheitsnotiz: alle').selectOption('off');
  office.on('PUT', '/admin/features', () => problem(409, 'outdated'));
  await page.getByRole('button', { name: 'Funktionen speichern' }).click();
  await page.locator('main [role=alert], main .fa-alert').first().waitFor();
  expect(await cell('Abwesenheitsnotiz: alle').inputValue()).toBe('off');
  expect(table()).toHaveLength(1);
});

it('says how many licences are left, and what to do when there is none', async () => {
  await open('/geraete');
  await page.getByText('„Wächter Mobil“: 37 von 40 Lizenzen vergeben, 3 frei').waitFor();
  await visiting.context.close();

  office.on('GET', '/admin/licences', {
    demanded: true,
    app: 'Wächter Mobil',
    licences: 40,
    taken: 40,
  });
  office.on('POST', '/admin/devices/[^/]+/approve', () =>
    problem(409, 'no_licence_left', { licences: '40' }),
  );
  await open('/geraete');
  await page.getByText('Keine Lizenz mehr frei').waitFor();
  await page.locator('button[data-approve]').first().click();
  await page.getByText('Alle 40 Lizenzen der Sicherheits-App sind vergeben.').waitFor();
});

it.each([
  ['/funktionen', 'de'],
  ['/funktionen', 'en'],
  ['/einstellungen', 'de'],
  ['/geraete', 'en'],
] as const)('%s is accessible on a phone (%s)', async (path, language) => {
  await open(path, { width: 360, language });
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await overflowsSideways(page)).toBe(false);
});
