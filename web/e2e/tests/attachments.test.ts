import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  docxOf,
  odfOf,
  xlsxOf,
} from '../../src/features/mail/page/viewers/office/files.fixture.ts';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, launchKept, picture, type Visit, visit } from '../support/browser.ts';
import { MailPageServer } from '../support/mail-page.ts';
import { plainPdf, words } from '../support/pdf.ts';
import { profileBytes, wordsIn } from '../support/profile-scan.ts';

type Scenes = { attach: (name: string, type: string, base64: string) => void };

let browser: Browser;
let server: MailPageServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launch(), MailPageServer.start()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const opened = async (rules = ''): Promise<Visit> => {
  const visited = await visit(browser, server.origin);
  await visited.page.goto(`/?szene=leer&regeln=${rules}`);
  await visited.page.locator('.fa-mail__list').waitFor();
  return visited;
};

const attach = async (page: Page, name: string, bytes: Uint8Array | Buffer, type = '') => {
  await page.evaluate(
    ([file, kind, base64]) =>
      (window as unknown as { scenes: Scenes }).scenes.attach(file, kind, base64),
    [name, type, Buffer.from(bytes).toString('base64')] as const,
  );
  await page.getByRole('button', { name: new RegExp(name.replace('.', '\\.')) }).click();
};

const plan = plainPdf({
  pages: [1, 2, 3].map(
    (page) => words(`Seite ${page}`) + words(page === 3 ? 'Laternen und Kabel' : 'Anderes', 700),
  ),
});
const p = (text: string) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;

it('shows a PDF page by page, larger and smaller, and finds words in it, by keys alone', async () => {
  const { context, page, faults } = await opened();
  try {
    await attach(page, 'Plan.pdf', plan, 'application/pdf');
    const view = page.locator('.fa-pdf__page');
    await view.getByText('Seite 1').waitFor();
    expect(await page.getByText('von 3').isVisible()).toBe(true);
    const dark = () =>
      page.locator('.fa-pdf__page canvas').evaluate((canvas: HTMLCanvasElement) => {
        const { data } =
          canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? {};
        return data?.some((value, at) => at % 4 === 0 && value < 100) ?? false;
      });
    expect(await dark()).toBe(true);
    const width = async () => (await view.boundingBox())?.width ?? 0;
    const before = await width();
    await page.getByRole('button', { name: 'Vergrößern' }).press('Enter');
    await expect.poll(width).toBeGreaterThan(before * 1.2);
    await page.keyboard.press('-');
    await page.keyboard.press('PageDown');
    await view.getByText('Seite 2').waitFor();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('laternen UND');
    await view.getByText('Seite 3').waitFor();
    await page.getByText('1 von 1').waitFor();
    expect(await page.locator('.fa-pdf__found').textContent()).toContain('Laternen');
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'anhang-pdf');
    await page.keyboard.press('Escape');
    await page.locator('.fa-dialog').waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
});

it('shows texts and tables of office programs', async () => {
  const { context, page, faults } = await opened();
  try {
    const frame = page.frameLocator('.fa-document__frame');
    const close = () =>
      page.getByRole('dialog').getByRole('button', { name: 'Schließen' }).last().click();
    await attach(page, 'Vermerk.docx', docxOf(p('Sehr geehrte Frau Linde')));
    await frame.getByText('Sehr geehrte Frau Linde').waitFor();
    await picture(page, 'anhang-docx');
    await close();
    await attach(
      page,
      'Vermerk.odt',
      odfOf('text', '<text:h>Haushalt</text:h><text:p>Laternen</text:p>'),
    );
    await frame.getByRole('heading', { name: 'Haushalt' }).waitFor();
    await close();
    const cell = '<c r="B2" t="str"><v>Laternen</v></c>';
    await attach(page, 'Plan.xlsx', xlsxOf(`<row r="2">${cell}</row>`));
    await page.getByRole('cell', { name: 'Laternen' }).waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'anhang-xlsx');
    await close();
    await attach(page, 'Liste.csv', Buffer.from('Titel;Betrag\nLaternen;12,50'), 'text/csv');
    await page.getByRole('cell', { name: '12,50' }).waitFor();
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
});

it('keeps an attachment in the files area: view, rename, attach, delete', async () => {
  const { context, page, faults } = await opened();
  try {
    await attach(page, 'Notiz.txt', Buffer.from('Schlüssel liegt im Amt'), 'text/plain');
    await page.getByText('lässt nichts außerhalb des Containers speichern').waitFor();
    expect(await page.getByRole('button', { name: 'Herunterladen' }).count()).toBe(0);
    await page.getByRole('button', { name: 'In die Ablage legen' }).click();
    await page.getByText('liegt in der Ablage').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('navigation', { name: 'Ordner' }).getByText('Ablage').click();
    await page.getByRole('heading', { name: 'Ablage' }).waitFor();
    await page.getByRole('button', { name: '„Notiz.txt“ umbenennen' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Schlüssel.txt');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^Schlüssel\.txt/ }).click();
    await page.getByText('Schlüssel liegt im Amt').waitFor();
    await page.keyboard.press('Escape');
    expect(await accessibilityFaults(page)).toEqual([]);
    await picture(page, 'ablage');
    await page.getByRole('button', { name: '„Schlüssel.txt“ an eine Nachricht anhängen' }).click();
    await page.getByLabel('Betreff').waitFor();
    await page.getByLabel('Anhänge').getByText('Schlüssel.txt').waitFor();
    await page.goBack();
    await page.getByRole('button', { name: '„Schlüssel.txt“ löschen' }).click();
    await page.getByRole('button', { name: 'Datei löschen' }).click();
    await page.getByText('Die Ablage ist leer').waitFor();
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
});

it('lets nothing be copied, dragged or printed out where the rules say so, and inserts it within', async () => {
  const { context, page } = await opened();
  try {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await attach(page, 'Notiz.txt', Buffer.from('Geheim-4711'), 'text/plain');
    const text = page.locator('.fa-mail__plain');
    await text.click({ clickCount: 3 });
    await page.keyboard.press('Control+c');
    const outside = () => page.evaluate(() => navigator.clipboard.readText());
    expect(await outside()).toContain('lässt sich nichts herauskopieren');
    const dragged = await text.evaluate((element) =>
      element.dispatchEvent(new DragEvent('dragstart', { bubbles: true, cancelable: true })),
    );
    expect(dragged).toBe(false);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('body').isVisible()).toBe(false);
    await page.emulateMedia({ media: 'screen' });
    await page.locator('.fa-dialog__head button').click();
    await page.getByRole('button', { name: 'Neue Nachricht' }).click();
    const subject = page.getByLabel('Betreff');
    await subject.click();
    await page.keyboard.press('Control+v');
    await expect.poll(() => subject.inputValue()).toContain('Geheim-4711');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+x');
    await expect.poll(() => subject.inputValue()).toBe('');
    expect(await outside()).not.toContain('Geheim');
    // What was copied elsewhere meanwhile is inserted as it is.
    await page.evaluate(() => navigator.clipboard.writeText('von draußen'));
    await page.keyboard.press('Control+v');
    await expect.poll(() => subject.inputValue()).toBe('von draußen');
  } finally {
    await context.close();
  }
});

it('lets out what the rules allow', async () => {
  const { context, page } = await opened('kopieren+drucken+herunterladen');
  try {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await attach(page, 'Notiz.txt', Buffer.from('Offen-4711'), 'text/plain');
    await page.locator('.fa-mail__plain').click({ clickCount: 3 });
    await page.keyboard.press('Control+c');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('Offen-4711');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('body').isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Herunterladen' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('Notiz.txt');
  } finally {
    await context.close();
  }
});

it('lies name and time over everything, and covers it while one is elsewhere', async () => {
  const { context, page, faults } = await opened('wasserzeichen+verdecken');
  try {
    const mark = page.locator('.fa-guard__mark');
    expect(decodeURIComponent((await mark.getAttribute('style')) ?? '')).toContain(
      'Erika Linde (erika)',
    );
    expect(await mark.evaluate((element) => getComputedStyle(element).pointerEvents)).toBe('none');
    await picture(page, 'wasserzeichen');
    const away = (isAway: boolean) =>
      page.evaluate((is) => {
        document.hasFocus = () => !is;
        window.dispatchEvent(new Event(is ? 'blur' : 'focus'));
      }, isAway);
    await away(true);
    await page.getByText('Verdeckt, bis Sie hierher zurückkommen').waitFor();
    await away(false);
    await page.getByText('Verdeckt, bis Sie hierher').waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
});

it('leaves no word of what was looked at in the profile, however large it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
  const planted = ['Wolkenbruchpdf', 'Wolkenbruchdocx', 'Wolkenbruchxlsx', 'Wolkenbruchtext'];
  const [inPdf = '', inText = '', inTable = '', inPlain = ''] = planted;
  // What is not deflated away: large files are what Chromium puts on the disk.
  const filler = Array.from({ length: 400_000 }, (_, at) =>
    ((at * 2_654_435_761) >>> 0).toString(36),
  );
  const context = await launchKept(folder);
  try {
    const page = await context.newPage();
    await page.goto(`${server.origin}/?szene=leer`);
    await page.locator('.fa-mail__list').waitFor();
    const close = () => page.locator('.fa-dialog__head button').click();
    const more = [`${filler.join(' ')} ${inPdf}`];
    await attach(page, 'a.pdf', plainPdf({ pages: [words(inPdf)], more }));
    await page.locator('.fa-pdf__page').getByText(inPdf).waitFor();
    await close();
    await attach(page, 'a.docx', docxOf(p(inText), [], { 'docProps/x.bin': filler.join('') }));
    await page.frameLocator('.fa-document__frame').getByText(inText).waitFor();
    await close();
    await attach(
      page,
      'a.xlsx',
      xlsxOf(`<row r="1"><c r="A1" t="str"><v>${inTable}</v></c></row>`),
    );
    await page.getByRole('cell', { name: inTable }).waitFor();
    await close();
    await attach(page, 'a.txt', Buffer.from(`${inPlain} ${filler.join(' ')}`));
    await page.locator('.fa-mail__plain').getByText(inPlain).waitFor();
    expect(wordsIn(await profileBytes(folder), planted)).toEqual([]);
    await context.close();
    expect(wordsIn(await profileBytes(folder), planted)).toEqual([]);
  } finally {
    await context.close().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
});
