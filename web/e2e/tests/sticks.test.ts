import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, type Visit, visit } from '../support/browser.ts';
import { program, RealOffice } from '../support/real-office.ts';
import { signIn } from '../support/sign-in.ts';
import { unpacked } from '../support/zip.ts';

const CODE = /^(?:[0-9a-z]{4}-){3}[0-9a-z]{4}$/;

/** A stick from its making to its loss, and a target of somebody's own, on one office of the real server. */
describe('sticks of a real office', () => {
  let browser: Browser;
  let office: RealOffice;
  let visiting: Visit;
  let page: Page;

  beforeAll(async () => {
    [browser, office] = await Promise.all([launch(), RealOffice.start()]);
    visiting = await visit(browser, office.origin);
    page = visiting.page;
    await signIn(page, office.person('ada'));
  });
  afterAll(async () => {
    await browser.close();
    await office.stop();
  });

  const open = async (path: string, on = page) => {
    await on.goto(path);
    await on.locator('main h1').waitFor();
    await on.waitForLoadState('networkidle');
  };
  const button = (name: string | RegExp, on = page) => on.getByRole('button', { name });
  const status = (text: string | RegExp) => page.locator('.fa-toasts').getByText(text).waitFor();

  it('makes a stick: the code once, the package with the programs and whose it is', async () => {
    await open('/verwaltung/sticks');
    await page.getByRole('link', { name: 'Sticks anlegen' }).click();
    await page.getByRole('combobox', { name: 'Personen' }).fill('Erika');
    await page.getByRole('option', { name: 'Erika Mustermann' }).click();
    await page.keyboard.press('Escape');
    await button('Sticks anlegen').click();
    await page
      .getByRole('heading', { level: 1, name: 'Der Stick für Erika Mustermann ist angelegt' })
      .waitFor();
    const code = (await page.locator('.fa-copy code').textContent()) ?? '';
    expect(code).toMatch(CODE);

    const started = page.waitForEvent('download');
    await button('Paket herunterladen').click();
    const download = await started;
    expect(download.suggestedFilename()).toBe('Stick Erika Mustermann.zip');
    const zip = await readFile(await download.path());
    const files = unpacked(zip);
    const built = await readFile(join(dirname(program), 'fernamt-stick'));
    expect(files.get('fernamt-stick')?.equals(built)).toBe(true);
    const config = JSON.parse(files.get('stick.json')?.toString() ?? '{}') as Record<
      string,
      unknown
    >;
    expect(config).toMatchObject({
      version: 1,
      login: 'erika',
      person: 'Erika Mustermann',
      language: 'de',
      web: office.origin,
    });
    expect(config.device).toMatch(/^[0-9a-f-]{36}$/);
    expect(config.ssh).toMatch(/^\S+:\d+$/);
    expect(config.websocket).toMatch(/^wss?:\/\/\S+$/);
    expect(config.host_keys).toEqual(
      expect.arrayContaining([expect.stringMatching(/^ssh-ed25519 /)]),
    );
    expect([...files.values()].some((file) => file.includes(code))).toBe(false);
    expect(visiting.faults).toEqual([]);
  });

  it('shows a waiting stick with its person, and keeps it out of what waits for approval', async () => {
    await open('/verwaltung/personen?suche=erika');
    await page.getByRole('link', { name: 'Erika Mustermann' }).click();
    await page.getByText('wartet auf Aktivierung').waitFor();
    await open('/verwaltung/geraete');
    expect(await button(/^„Stick“ von Erika Mustermann freigeben/).count()).toBe(0);
  });

  it('gives a new code, and does not show the old page of it again', async () => {
    await open('/verwaltung/sticks');
    await page.getByRole('link', { name: 'Erika Mustermann' }).click();
    await button('Neuer Aktivierungscode').click();
    await button('Aktivierungscode erzeugen').click();
    expect(await page.locator('.fa-copy code').textContent()).toMatch(CODE);
    await button('Notiert').click();
    await page.reload();
    await page.getByText('Aktivierungscode gilt bis').waitFor();
    expect(await page.locator('.fa-copy').count()).toBe(0);
  });

  it('leaves out who has a stick already', async () => {
    await open('/verwaltung/sticks/neu');
    await page.getByRole('combobox', { name: 'Personen' }).fill('Erika');
    await page.getByRole('option', { name: 'Erika Mustermann' }).click();
    await page.keyboard.press('Escape');
    await button('Sticks anlegen').click();
    await page.getByText('hat schon einen Stick').waitFor();
  });

  it('ends a lost stick for good', async () => {
    await open('/verwaltung/sticks');
    await page.getByRole('link', { name: 'Erika Mustermann' }).click();
    await button('Als verloren melden').click();
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: 'Als verloren melden' })
      .click();
    await status('Der Stick von Erika Mustermann ist als verloren gemeldet und gesperrt.');
    await page.getByText('Verloren gemeldet und für immer gesperrt').waitFor();
    await open('/verwaltung/sticks?zustand=revoked');
    await page.getByText('verloren, gesperrt').waitFor();
  });

  it('lets people set up a target of their own once somebody decided so', async () => {
    const theirs = await visit(browser, office.origin);
    await signIn(theirs.page, office.person('erika'));
    await open('/konto/eigene-ziele', theirs.page);
    await theirs.page.getByText('Eigene Ziele sind ausgeschaltet').waitFor();

    await open('/verwaltung/eigene-ziele');
    await page.getByText('Darüber hat noch niemand entschieden.').waitFor();
    await page.getByLabel('Ja, in diesen Netzen').check();
    await page.getByLabel('Netze', { exact: true }).fill('10.20.0.0/16');
    await page.getByLabel('Begründung').fill('Alle arbeiten am Rechner im eigenen Büro weiter.');
    await button('Entscheidung festhalten').click();
    await status('Die Entscheidung gilt ab jetzt und steht im Prüfprotokoll.');
    await page.getByText('Alle arbeiten am Rechner im eigenen Büro weiter.').waitFor();

    await open('/konto/eigene-ziele', theirs.page);
    await button('Ziel eintragen', theirs.page).click();
    const dialog = theirs.page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('Mein Rechner');
    await dialog.locator('input[name=host]').fill('192.168.7.7');
    await dialog.getByRole('button', { name: 'Ziel eintragen' }).click();
    await dialog
      .getByRole('alert')
      .getByText('Dieser Rechner steht nicht in einem der erlaubten Netze.')
      .waitFor();
    await dialog.locator('input[name=host]').fill('10.20.0.7');
    await dialog.getByRole('button', { name: 'Ziel eintragen' }).click();
    await theirs.page.locator('.fa-list').getByText('Mein Rechner').waitFor();
    await open('/', theirs.page);
    await theirs.page.getByRole('link', { name: 'Mein Rechner' }).waitFor();
    expect(theirs.faults).toEqual([]);
    await theirs.context.close();

    await open('/verwaltung/eigene-ziele');
    await button('„Mein Rechner“ von Erika Mustermann entfernen').click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Ziel entfernen' }).click();
    await status('„Mein Rechner“ von Erika Mustermann ist entfernt.');
    expect(visiting.faults).toEqual([]);
  });
});
