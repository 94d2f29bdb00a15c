import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch, type Visit, visit } from '../support/browser.ts';
import { enterOn, tabTo } from '../support/keyboard.ts';
import { MailPageServer } from '../support/mail-page.ts';
import type { Scenes } from '../support/mail-scenes.tsx';
import { plainPdf, words } from '../support/pdf.ts';

/** More rows than a table shows at once. */
const ROWS = 450;

/** The newer parts of mail, by the keyboard alone: what a reader hears of them, and that the focus is never lost. */
describe('mail by keyboard', () => {
  let browser: Browser;
  let server: MailPageServer;
  let visited: Visit;
  let page: Page;

  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), MailPageServer.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    visited = await visit(browser, server.origin);
    page = visited.page;
  });
  afterEach(async () => {
    expect(visited.faults).toEqual([]);
    await visited.context.close();
  });

  const open = async (path: string) => {
    await page.goto(path);
    await page.locator('.fa-mail__list, .fa-files').first().waitFor();
    await page.waitForLoadState('networkidle');
  };
  /** What a reader says of what has the focus. */
  const focused = () => {
    const one = page.locator(':focus');
    return one.count().then((count) => (count === 0 ? 'nothing' : one.ariaSnapshot()));
  };
  const hears = (text: string | RegExp) =>
    expect.poll(async () => (await focused()).split('\n')[0]).toMatch(text);
  const button = (name: string | RegExp, inside: Page | Locator = page) =>
    inside.getByRole('button', { name, exact: true });
  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
  const said = (text: string | RegExp) => page.getByRole('status').getByText(text).waitFor();
  const press = (...keys: string[]) =>
    keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const told = () =>
    page.evaluate(() => (window as unknown as { scenes: Scenes }).scenes.mail.told.join('\n'));
  const attach = async (name: string, type: string, bytes: Buffer | Uint8Array) => {
    await page.evaluate(
      ([file, kind, base64]) =>
        (window as unknown as { scenes: Scenes }).scenes.attach(file, kind, base64),
      [name, type, Buffer.from(bytes).toString('base64')] as const,
    );
    await enterOn(page, button(new RegExp(`^${name}`)));
  };

  it('stands in an order that makes sense to hear', async () => {
    await open('/?szene=team#/k/1/f/inbox/t/zaun');
    await page.locator('.fa-team__text').waitFor();
    expect(await page.locator('main').ariaSnapshot()).toMatch(
      new RegExp(
        [
          'heading "Post" \\[level=1\\]',
          'navigation "Postfächer"',
          'link "Mein Postfach"',
          'link "Bürgerbüro"',
          'link "Dr. Friederike Hohenstein-Wassermann Nur lesen 12 ungelesen"',
          'navigation "Ordner"',
          'region "Posteingang"',
          'heading "Posteingang" \\[level=2\\]',
          'searchbox "In der Post suchen"',
          'grid "Nachrichten"',
          'region "Zaun am Spielplatz"',
          'heading "Zaun am Spielplatz" \\[level=2\\]',
          'region "Zusammenarbeit"',
          'button "Übernehmen"',
          'heading "Interne Notiz" \\[level=3\\]',
          'article',
          'region "Meldungen"',
        ].join('[\\s\\S]*'),
      ),
    );
  });

  it('goes from mailbox to mailbox, takes a thread, assigns it and writes a note', async () => {
    await open('/?szene=team#/');
    await enterOn(page, page.getByRole('link', { name: 'Bürgerbüro' }));
    await page.getByRole('row', { name: /Zaun am Spielplatz/ }).waitFor();
    await hears('link "Bürgerbüro"');
    expect(await page.getByRole('link', { name: 'Bürgerbüro' }).getAttribute('aria-current')).toBe(
      'true',
    );
    await tabTo(page, page.getByRole('row', { name: /Zaun am Spielplatz/ }));
    await press('Enter');
    await hears('heading "Zaun am Spielplatz"');

    const team = page.getByRole('region', { name: 'Zusammenarbeit' });
    await enterOn(page, button('Übernehmen', team));
    await team.getByRole('status').getByText('Sie kümmern sich darum').waitFor();
    await hears('region "Zusammenarbeit"');
    await enterOn(page, button('Abgeben', team));
    await team.getByRole('status').getByText('Noch kümmert sich niemand').waitFor();
    await hears('region "Zusammenarbeit"');
    await enterOn(page, button('Zuweisen', team));
    await page.getByRole('menu', { name: 'Zuweisen' }).waitFor();
    await hears('menuitem "Mira Sommer"');
    await press('ArrowDown', 'Enter');
    await team.getByRole('status').getByText('Ole Petersen kümmert sich').waitFor();
    await hears('button "Zuweisen"');

    await enterOn(page, button('Interne Notiz ändern', team));
    await hears('textbox "Interne Notiz"');
    await press('Escape');
    await hears('region "Zusammenarbeit"');
    await enterOn(page, button('Interne Notiz ändern', team));
    await press('ControlOrMeta+a');
    await page.keyboard.type('Der Bauhof kommt am Donnerstag.');
    await enterOn(page, button('Notiz speichern', team));
    await team.getByText('Der Bauhof kommt am Donnerstag.', { exact: true }).waitFor();
    await hears('region "Zusammenarbeit"');
    await press('Escape');
    await hears('row "Familie Brandt: Zaun am Spielplatz"');
  });

  it('grants, changes and takes away what others may', async () => {
    await open('/?szene=team#/');
    await enterOn(page, button('Vertretungen'));
    const sharing = dialog(/^Vertretungen: /);
    await sharing.waitFor();
    expect(await sharing.ariaSnapshot()).toMatch(
      /button "Schließen"[\s\S]*searchbox "Person hinzufügen"[\s\S]*list "Wer Zugang hat"[\s\S]*button "Rechte von Mira Sommer ändern"[\s\S]*button "Mira Sommer den Zugang nehmen"/,
    );
    await enterOn(page, button('Rechte von Mira Sommer ändern', sharing));
    await hears('group "Was darf Mira Sommer?"');
    await press('Tab');
    await hears('checkbox "Bearbeiten" [checked]');
    await press('Space');
    await enterOn(page, button('Rechte speichern', sharing));
    await sharing.getByRole('status').getByText('Gespeichert: Mira Sommer').waitFor();
    await hears('dialog "Vertretungen');
    await enterOn(page, button('Ole Petersen den Zugang nehmen', sharing));
    await sharing.getByRole('status').getByText('Ole Petersen hat keinen Zugang').waitFor();
    await hears('dialog "Vertretungen');
    await enterOn(page, button('Rückgängig', sharing));
    await button('Ole Petersen den Zugang nehmen', sharing).waitFor();
    await hears('dialog "Vertretungen');
    await press('Escape');
    await sharing.waitFor({ state: 'detached' });
    await hears('button "Vertretungen"');
  });

  it('makes, names and deletes a folder, and comes back to where it began', async () => {
    await open('/#/');
    const gear = button('Postfach einrichten');
    await enterOn(page, gear);
    await hears('menuitem "Ordner verwalten"');
    await press('Enter');
    const folders = dialog('Ordner verwalten');
    await enterOn(page, button('Neuer Ordner', folders));
    await hears('textbox "Name"');
    await page.keyboard.type('Straßenlaternen');
    await press('Enter');
    await said('Ordner angelegt');
    await enterOn(page, button(/Straßenlaternen.* löschen/, folders));
    const question = page.getByRole('alertdialog');
    await hears('button "Abbrechen"');
    await enterOn(page, button('Ordner löschen', question));
    await said('Ordner gelöscht');
    await folders.waitFor();
    expect(await focused()).toMatch(/dialog "Ordner verwalten"/);
    await press('Escape');
    await folders.waitFor({ state: 'detached' });
    await hears('button "Postfach einrichten"');
  });

  it('sets absence and signatures, and hears what is missing', async () => {
    await open('/#/');
    await enterOn(page, button('Postfach einrichten'));
    await press('ArrowDown', 'Enter');
    const away = dialog('Abwesenheit');
    await tabTo(page, away.getByRole('checkbox', { name: 'Eingehende Nachrichten beantworten' }));
    await press('Space');
    await enterOn(page, button('Speichern', away));
    await expect
      .poll(() =>
        away.getByRole('textbox', { name: 'Antwort', exact: true }).getAttribute('aria-invalid'),
      )
      .toBe('true');
    await hears('textbox "Antwort"');
    await page.keyboard.type('Ich bin am Montag wieder da.');
    await tabTo(page, away.getByRole('checkbox', { name: 'Nach außen ein anderer Text' }));
    await press('Space');
    await enterOn(page, button('Speichern', away));
    await hears('textbox "Antwort nach außen"');
    await page.keyboard.type('Ich bin verreist.');
    await enterOn(page, button('Speichern', away));
    await said('Abwesenheitsnotiz eingeschaltet');
    await hears('button "Postfach einrichten"');

    await press('Enter', 'End', 'Enter');
    const signatures = dialog('Signaturen');
    await tabTo(page, signatures.getByRole('textbox', { name: /^Bauamt/ }));
    await press('ControlOrMeta+End');
    await page.keyboard.type('Telefon 4711');
    await enterOn(page, button('Speichern', signatures));
    await said('Signaturen gespeichert');
    await hears('button "Postfach einrichten"');
  });

  it('writes a formatted message to people who are suggested', async () => {
    await open('/#/');
    await enterOn(page, button('Neue Nachricht').first());
    const to = page.getByRole('combobox', { name: 'An' });
    await hears('combobox "An"');
    await page.keyboard.type('be');
    await page.getByRole('option', { name: /Ines Behrens/ }).waitFor();
    expect(await to.getAttribute('aria-expanded')).toBe('true');
    await press('ArrowDown');
    await expect.poll(() => to.getAttribute('aria-activedescendant')).toBeTruthy();
    await press('Enter');
    await page.getByRole('list', { name: 'Gewählt: An' }).getByText('Ines Behrens').waitFor();
    await hears('combobox "An"');
    await enterOn(page, button('Kopie an …'));
    await hears('combobox "Kopie"');
    await page.keyboard.type('jens.ahlers@stadt.example');
    await tabTo(page, page.getByRole('textbox', { name: 'Betreff' }));
    await page.keyboard.type('Räumplan');
    await enterOn(page, button('Formatieren'));
    await hears('button "Nur Text"');
    await tabTo(page, button('Fett'));
    await press('ArrowRight');
    await hears('button "Kursiv"');
    await press('ArrowLeft', 'Enter');
    await hears('textbox "Text der Nachricht"');
    await page.keyboard.type('Wichtig: ');
    await expect.poll(() => button('Fett').getAttribute('aria-pressed')).toBe('true');
    // The field is no trap.
    await press('Tab');
    await hears('button "Datei anhängen"');
    await enterOn(page, button('Senden'));
    await page.getByRole('alertdialog').waitFor();
    await press('Escape');
    await hears('button "Senden"');
  });

  it('pages through a PDF and a table to their ends, puts them aside, renames and deletes them', async () => {
    await open('/?szene=leer');
    const plan = plainPdf({ pages: [1, 2, 3].map((number) => words(`Seite ${number}`)) });
    await attach('Plan.pdf', 'application/pdf', plan);
    const pdf = dialog('Plan.pdf');
    await pdf.getByText('Seite 1', { exact: true }).waitFor();
    for (const number of [2, 3]) {
      await enterOn(page, button('Nächste Seite', pdf));
      await pdf.getByRole('region', { name: `Seite ${number}` }).waitFor();
    }
    await hears('group "PDF"');
    await press('Home');
    await pdf.getByRole('region', { name: 'Seite 1' }).waitFor();
    await enterOn(page, button('In die Ablage legen', pdf));
    await said('„Plan.pdf“ liegt in der Ablage.');
    await press('Escape');
    await pdf.waitFor({ state: 'detached' });
    await hears(/button "Plan\.pdf/);

    const rows = Array.from({ length: ROWS }, (_, index) => `${index + 1};Laterne`);
    await attach('Laternen.csv', 'text/csv', Buffer.from(rows.join('\n')));
    const table = dialog('Laternen.csv');
    for (const from of [201, 401]) {
      await enterOn(page, button('Nächste Zeilen', table));
      await table.getByRole('status').getByText(`Zeilen ${from} bis`).waitFor();
    }
    await hears('group "Tabelle"');
    await press('Escape');
    await table.waitFor({ state: 'detached' });

    await enterOn(page, page.getByRole('link', { name: 'Ablage' }));
    const files = page.getByRole('region', { name: 'Ablage' });
    await enterOn(page, button('„Plan.pdf“ umbenennen', files));
    await hears('textbox "Name"');
    await press('ControlOrMeta+a');
    await page.keyboard.type('Lageplan.pdf');
    await press('Enter');
    await hears('button "„Lageplan.pdf“ umbenennen"');
    await enterOn(page, button('„Lageplan.pdf“ löschen', files));
    await hears('button "Abbrechen"');
    await enterOn(page, button('Datei löschen', page.getByRole('alertdialog')));
    await files.getByRole('heading', { name: 'Die Ablage ist leer' }).waitFor();
    await hears('region "Ablage"');
  });

  it('decides what becomes of mail that waits or is uncertain', async () => {
    await open('/?szene=offline');
    await enterOn(page, button('Verwerfen'));
    await button('Verwerfen').waitFor({ state: 'detached' });
    await hears('region "Posteingang"');
    await enterOn(page, button(/Angebot.* nicht senden/));
    await page.locator('.fa-mail__outbox').waitFor({ state: 'detached' });
    await hears('region "Posteingang"');
    expect(await told()).toContain('s1');
  });
});
