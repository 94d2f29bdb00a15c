import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, type Visit, visit } from '../support/browser.ts';
import { RealOffice } from '../support/real-office.ts';
import { totp } from '../support/totp.ts';

/** The jobs of an administrator, one after the other, on one office of the real server. */
describe('administration of a real office', () => {
  let browser: Browser;
  let office: RealOffice;
  let visiting: Visit;
  let page: Page;

  const signIn = async (on: Page, name: string) => {
    const person = office.person(name);
    await on.goto('/anmelden');
    await on.locator('input[name=name]').fill(person.name);
    await on.locator('input[name=password]').fill(person.password);
    await on.keyboard.press('Enter');
    await on.locator('input[name=code]').fill(totp(person.totp_secret));
    await on.keyboard.press('Enter');
    await on.locator('.fa-shell').waitFor();
  };
  const open = async (path: string) => {
    await page.goto(`/verwaltung${path}`);
    await page.locator('main h1').waitFor();
    await page.waitForLoadState('networkidle');
  };
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const status = (text: string | RegExp) => page.locator('.fa-toasts').getByText(text).waitFor();
  const choose = async (label: string, text: string) => {
    await page.getByRole('combobox', { name: label, exact: true }).fill(text);
    await page.getByRole('option', { name: text }).first().click();
    await page.keyboard.press('Escape');
  };

  beforeAll(async () => {
    [browser, office] = await Promise.all([launch(), RealOffice.start()]);
    visiting = await visit(browser, office.origin);
    page = visiting.page;
    await signIn(page, 'ada');
  });
  afterAll(async () => {
    await browser.close();
    await office.stop();
  });

  const parts = [
    '',
    '/personen',
    '/gruppen',
    '/verzeichnis',
    '/token',
    '/ziele',
    '/buendel',
    '/regeln',
    '/warum',
    '/geraete',
    '/sticks',
    '/sticks/neu',
    '/besprechungen',
    '/besprechungsregeln',
    '/webhooks',
    '/webhooks/neu',
    '/eigene-ziele',
    '/sitzungen',
    '/protokoll',
    '/einstellungen',
  ];
  it.each(parts)('shows /verwaltung%s without a refusal', async (part) => {
    await open(part);
    expect(await page.getByRole('alert').allTextContents()).toEqual([]);
    expect(visiting.faults).toEqual([]);
  });

  it('adds a person and shows the first password once', async () => {
    await open('/personen/neu');
    await page.locator('input[name=display_name]').fill('Nora Neu');
    await page.locator('input[name=name]').fill('n.neu');
    await page.locator('form button[type=submit]').click();
    await page.getByRole('heading', { level: 1, name: 'Nora Neu ist angelegt' }).waitFor();
    expect((await page.locator('.fa-copy code').textContent())?.length).toBeGreaterThan(11);
    await button('Notiert, weiter zur Person').click();
    await page.getByRole('heading', { level: 1, name: 'Nora Neu' }).waitFor();
  });

  it('says that a sign-in name is taken', async () => {
    await open('/personen/neu');
    await page.locator('input[name=display_name]').fill('Noch eine');
    await page.locator('input[name=name]').fill('n.neu');
    await page.locator('form button[type=submit]').click();
    await page.getByRole('alert').getByText('Das gibt es schon.').waitFor();
  });

  it('makes a group and puts the person into it', async () => {
    await open('/gruppen');
    await button('Gruppe anlegen').click();
    await page.getByRole('dialog').locator('input[name=name]').fill('Standesamt');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Standesamt' }).waitFor();
    await choose('Personen (freiwillig)', 'Nora Neu');
    await button('Mitglieder speichern').click();
    await status('Die Mitglieder sind gespeichert.');
  });

  it('enters a target, puts it into a bundle, and allows it by a rule', async () => {
    await open('/ziele/neu');
    await page.getByLabel('SSH-Zugang').check();
    await page.locator('input[name=name]').fill('Registerserver');
    await page.locator('input[name=host]').fill('register.stadt.example');
    await page.locator('form button[type=submit]').click();
    await page.getByRole('heading', { level: 1, name: 'Registerserver' }).waitFor();

    await open('/buendel/neu');
    await page.locator('input[name=name]').fill('Standesamt');
    await choose('Ziele (freiwillig)', 'Registerserver');
    await page.locator('form button[type=submit]').click();
    await status('Das Bündel „Standesamt“ ist angelegt.');

    await open('/regeln/neu');
    await page.locator('input[name=name]').fill('Standesamt erreicht sein Register');
    await choose('Gruppen (freiwillig)', 'Standesamt');
    await choose('Bündel (freiwillig)', 'Standesamt');
    await page
      .getByText(
        'Die Gruppe „Standesamt“ darf alles im Bündel „Standesamt“ nutzen: auf freigegebenen Geräten, mit zweitem Faktor.',
      )
      .waitFor();
    await page.getByText('Als Cedar-Text ansehen').click();
    await page.locator('.fa-code-block').getByText('permit').waitFor();
    await button('Regel speichern').click();
    await status('Die Regel „Standesamt erreicht sein Register“ gilt jetzt.');
  });

  it('explains the decision, and what a missing factor changes', async () => {
    await open('/warum');
    await choose('Person', 'Nora Neu');
    await choose('Ziel', 'Registerserver');
    await button('Entscheidung ansehen').click();
    await page.getByRole('heading', { name: 'Nora Neu darf „Registerserver“ nutzen' }).waitFor();
    await page.getByLabel('Einmalcode').uncheck();
    await button('Entscheidung ansehen').click();
    await page
      .getByRole('heading', { name: 'Nora Neu darf „Registerserver“ nicht nutzen' })
      .waitFor();
    await page
      .getByText('Verlangt wird ein zweiter Faktor. Angemeldet ist die Person nur mit: Passwort.')
      .first()
      .waitFor();
  });

  it('shows what the person reaches, and nothing once disabled', async () => {
    await open('/personen');
    await page.getByRole('link', { name: 'Nora Neu' }).click();
    await page.getByRole('link', { name: 'Registerserver', exact: true }).waitFor();
    await button('Konto deaktivieren').click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Konto deaktivieren' }).click();
    await status('Nora Neu ist deaktiviert.');
    await page.getByText('Keine Regel erlaubt dieser Person gerade etwas.').waitFor();
  });

  it('does not remove a group that a rule names', async () => {
    await open('/gruppen');
    await page.getByRole('link', { name: 'Standesamt' }).click();
    await page.getByText('Standesamt erreicht sein Register').waitFor();
    expect(await button('Gruppe entfernen').isDisabled()).toBe(true);
  });

  it('names the faults of a rule in Cedar by line', async () => {
    await open('/regeln/neu');
    await page.locator('input[name=name]').fill('Von Hand');
    await page.getByText('Für Fachleute').click();
    await page.getByLabel('Als Cedar-Text').check();
    await page
      .getByRole('textbox', { name: 'Cedar-Text' })
      .fill('permit (principal, action, resource)\nwhem { true };');
    await page
      .getByText(/^Zeile 2, Spalte \d+:/)
      .first()
      .waitFor();
    await page
      .getByRole('textbox', { name: 'Cedar-Text' })
      .fill('permit (principal, action, resource)\nwhen { context.second_factor };');
    await page.getByText('Der Text ist in Ordnung').waitFor();
  });

  it('imports a table after a look, and takes it back', async () => {
    await open('/ziele/einspielen');
    const table = (text: string) =>
      page.locator('input[type=file]').setInputFiles({
        name: 'ziele.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(text, 'latin1'),
      });
    await table('name;kind;host;port\nPrüfstelle;ssh;p.example;99999\n');
    await page.getByText('Spalte „port“: Der Port ist eine Zahl zwischen 1 und 65535.').waitFor();
    await table('name;kind;host;port\nPrüfstelle;ssh;p.example;22\nGrünamt;tcp;g.example;8080\n');
    await page.getByText('2 Ziele werden angelegt').waitFor();
    await page.locator('.fa-alert').getByRole('button', { name: 'Tabelle einspielen' }).click();
    await page.getByText('Eingespielt: 2 angelegt').waitFor();
    await button('Import zurücknehmen').click();
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: 'Import zurücknehmen' })
      .click();
    await page.getByText('Zurückgenommen: 2 Ziele').waitFor();
    await open('/ziele?suche=Grünamt');
    await page.getByText('Nichts gefunden').waitFor();
  });

  it('meets a change by somebody else', async () => {
    await open('/ziele');
    await page.getByRole('link', { name: 'Registerserver' }).click();
    await page.getByLabel('Beschreibung').fill('Meine Fassung');
    const other = await visiting.context.newPage();
    await other.goto(page.url());
    await other.getByLabel('Beschreibung').fill('Deren Fassung');
    await other.getByRole('button', { name: 'Änderungen speichern' }).click();
    await other.locator('.fa-toasts').getByText('Gespeichert.').waitFor();
    await other.close();
    await button('Änderungen speichern').click();
    await page.getByText('Jemand anderes hat diesen Eintrag inzwischen geändert').waitFor();
    await page.getByText('Die andere Fassung: Deren Fassung').waitFor();
    await button('Mit meinen Eingaben weiter').click();
    await button('Änderungen speichern').click();
    await page.locator('.fa-toasts').getByText('Gespeichert.').waitFor();
    expect(await page.getByLabel('Beschreibung').inputValue()).toBe('Meine Fassung');
  });

  it('verifies the audit log, which knows what was done', async () => {
    await open('/protokoll?art=rule');
    await page
      .getByRole('cell', { name: 'angelegt' })
      .or(page.getByText('angelegt'))
      .first()
      .waitFor();
    await button('Kette prüfen').click();
    await page.getByText(/^Die Kette ist unversehrt/).waitFor();
  });

  it('saves settings', async () => {
    await open('/einstellungen');
    await page.locator('input[name=idle_minutes]').fill('45');
    await button('Einstellungen speichern').click();
    await status('Die Einstellungen sind gespeichert.');
    await page.reload();
    await expect.poll(() => page.locator('input[name=idle_minutes]').inputValue()).toBe('45');
  });

  it('shows data protection the audit log and the control desk its devices', async () => {
    for (const [name, heading] of [
      ['dora', 'Prüfprotokoll'],
      ['karl', 'Geräte'],
    ] as const) {
      const theirs = await visit(browser, office.origin);
      await signIn(theirs.page, name);
      await theirs.page.goto('/verwaltung');
      await theirs.page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await theirs.page.waitForLoadState('networkidle');
      expect(await theirs.page.getByRole('alert').allTextContents()).toEqual([]);
      expect(theirs.faults).toEqual([]);
      await theirs.context.close();
    }
  });

  it('ends somebody’s session', async () => {
    const theirs = await visit(browser, office.origin);
    await signIn(theirs.page, 'erika');
    await open('/sitzungen');
    await button(/^Sitzung beenden: Erika Mustermann/)
      .first()
      .click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Sitzung beenden' }).click();
    await status('Die Sitzung von Erika Mustermann ist beendet.');
    await theirs.page.reload();
    await theirs.page.locator('input[name=password]').waitFor();
    await theirs.context.close();
  });
});
