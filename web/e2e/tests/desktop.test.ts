import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { call } from '../support/call.ts';
import { typeGerman } from '../support/german-keys.ts';
import { RealOffice } from '../support/real-office.ts';
import { signIn } from '../support/sign-in.ts';
import { TerminalServer } from '../support/terminal-server.ts';

const TEXT = 'äöüß€@{}\\';
const COPIED = 'Grüße aus dem Rathaus: 12 €';
const START_MS = 60_000;
const STORY_MS = 120_000;
const CONNECTED_MS = 20_000;
const WRITTEN_MS = 5_000;
/** Long enough for a text that must not come; a permitted one is there within a fraction of it. */
const SILENCE_MS = 2_000;
const TRIES = 8;

/** The program that runs real peers; where they cannot be had, it is not set. */
const peers = process.env.FERNAMT_PEERS === 'required' ? process.env.FERNAMT_PEER : undefined;

type Targets = { items: { id: string; name: string }[] };

/** One morning at one desktop: its stories build on each other. */
describe.runIf(peers)('a desktop', () => {
  let terminal: TerminalServer;
  let office: RealOffice;
  let browser: Browser;
  let erika: Visit;
  let desktop: Page;
  let ada: Page;
  let target: string;

  beforeAll(async () => {
    terminal = await TerminalServer.start(peers ?? '', 'erika', 'Das Amt, von überall');
    office = await RealOffice.start({ more: terminal.demoOptions() });
    browser = await launch();
    erika = await visit(browser, office.origin);
    await erika.context.addInitScript(() => localStorage.setItem('fernamt-keyboard', 'de'));
    await erika.context.grantPermissions(['clipboard-read', 'clipboard-write'], {
      origin: office.origin,
    });
    ada = (await visit(browser, office.origin)).page;
    await Promise.all([
      signIn(erika.page, office.person('erika')),
      signIn(ada, office.person('ada')),
    ]);
    const { items } = await call<Targets>(ada, 'GET', '/admin/targets?q=Arbeitsplatz');
    target = items[0]?.id ?? '';
  }, START_MS);

  afterAll(async () => {
    await browser?.close();
    await office?.stop();
    await terminal?.stop();
  });

  const connected = () =>
    desktop.getByText('Verbunden', { exact: true }).waitFor({ timeout: CONNECTED_MS });
  const again = () => desktop.getByRole('button', { name: 'Neu verbinden' }).click();
  const clipboard = () => desktop.evaluate(() => navigator.clipboard.readText());
  const targetPage = async () => {
    await ada.goto(`/verwaltung/ziele/${target}`);
    await ada.getByRole('heading', { level: 1, name: 'Arbeitsplatz' }).waitFor();
  };

  it(
    'opens in a tab of its own, signs on by itself, and takes German keys byte for byte',
    async () => {
      const tile = erika.page.locator('.fa-tile__link[href^="/arbeitsplatz"]').first();
      [desktop] = await Promise.all([erika.context.waitForEvent('page'), tile.click()]);
      await connected();
      expect(await write(desktop, terminal.desk)).toBe(`${TEXT}\n`);
      await picture(desktop, 'office-desktop', false);
      expect(await accessibilityFaults(desktop)).toEqual([]);
      expect(erika.faults).toEqual([]);
    },
    STORY_MS,
  );

  it(
    'brings its clipboard’s text out where that is allowed, and nothing where it is not',
    async () => {
      await desktop.bringToFront();
      await copyOnDesktop(desktop, terminal.desk, 'eins', COPIED);
      await expect.poll(clipboard, { timeout: WRITTEN_MS }).toBe(COPIED);

      await targetPage();
      await ada.getByText('Text über die Zwischenablage').click();
      await ada.getByRole('button', { name: 'Änderungen speichern' }).click();
      await desktop
        .getByText('weil sich die Einstellungen dieses Arbeitsplatzes geändert haben.')
        .waitFor({ timeout: CONNECTED_MS });
      await desktop.getByText('Verbinden Sie neu.').waitFor();
      await again();
      await connected();
      await desktop.getByText('Zwischenablage: nicht erlaubt').waitFor();
      await desktop.bringToFront();
      await copyOnDesktop(desktop, terminal.desk, 'zwei', 'Das bleibt im Haus');
      await desktop.waitForTimeout(SILENCE_MS);
      expect(await clipboard()).toBe(COPIED);
    },
    STORY_MS,
  );

  it(
    'is not opened when it shows another certificate, until the administrator has compared it',
    async () => {
      await desktop.getByRole('button', { name: 'Beenden' }).first().click();
      const fingerprint = await terminal.renewCertificate();
      await again();
      await desktop
        .getByText('Der Arbeitsplatz weist sich anders aus als bisher.')
        .waitFor({ timeout: CONNECTED_MS });
      await desktop
        .getByText('Sie prüft das neue Zertifikat und gibt es frei.', { exact: false })
        .waitFor();
      await picture(desktop, 'office-desktop-zertifikat', false);
      expect(await accessibilityFaults(desktop)).toEqual([]);

      await targetPage();
      await ada.getByRole('button', { name: 'Jetzt prüfen' }).click();
      await ada.getByText('Das Ziel zeigt ein anderes Zertifikat als bisher').waitFor();
      await ada.getByRole('button', { name: 'Zertifikat ansehen und vergleichen' }).click();
      await ada.getByText('Es ist ein anderes als das festgehaltene').waitFor();
      const shown = (await ada.getByRole('dialog').textContent())?.replace(/[^0-9a-f]/gi, '');
      expect(shown?.toLowerCase()).toContain(fingerprint);
      await picture(ada, 'office-zertifikat-vergleichen', false);
      expect(await accessibilityFaults(ada)).toEqual([]);
      await ada.getByRole('button', { name: 'Fingerabdruck stimmt, festhalten' }).click();
      await ada.locator('.fa-toasts').getByText('Das Zertifikat ist festgehalten.').waitFor();
      await again();
      await connected();
    },
    STORY_MS,
  );
});

/** Types the text into a file by way of the terminal, and reads what has arrived there. */
async function write(desktop: Page, desk: string): Promise<string> {
  await terminalReady(desktop, desk, 'ready');
  await typeGerman(desktop, `clear\ncat >/share/desk/file\n${TEXT}\n`);
  await desktop.keyboard.press('Control+KeyD');
  await expect.poll(() => content(desk, 'file'), { timeout: WRITTEN_MS }).toContain('\n');
  return content(desk, 'file');
}

/** Puts a text into the clipboard over there, as a program on the desktop does, and waits until it lies there. */
async function copyOnDesktop(desktop: Page, desk: string, name: string, text: string) {
  const encoded = Buffer.from(text).toString('base64');
  const copy = `printf '\\033]52;c;%s\\a' ${encoded}; echo done >/share/desk/${name}; exec sleep 60`;
  // A window of its own, because the terminal's does not let programs set the clipboard.
  const options = "-xrm '*allowWindowOps: true' -xrm '*disallowedWindowOps:' -geometry 30x3+40+520";
  await writeFile(join(desk, `${name}.sh`), `xterm ${options} -e sh -c "${copy}" &\n`);
  await terminalReady(desktop, desk, `ready-${name}`);
  await typeGerman(desktop, `sh /share/desk/${name}.sh\n`);
  await expect.poll(() => content(desk, name), { timeout: WRITTEN_MS }).toBe('done\n');
}

const content = (desk: string, name: string) => readFile(join(desk, name), 'utf8').catch(() => '');

/** Nothing tells a browser when the terminal over there takes keys, so a small command is tried until it works. */
async function terminalReady(desktop: Page, desk: string, name: string): Promise<void> {
  const ready = () =>
    readFile(join(desk, name)).then(
      () => true,
      () => false,
    );
  for (let attempt = 0; attempt < TRIES && !(await ready()); attempt += 1) {
    await desktop
      .locator('canvas')
      .first()
      .click({ position: { x: 200, y: 200 } });
    await typeGerman(desktop, `\ntrue >/share/desk/${name}\n`);
    await expect
      .poll(ready, { timeout: WRITTEN_MS })
      .toBe(true)
      .catch(() => undefined);
  }
}
