import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, picture, visit } from '../support/browser.ts';
import { typeGerman } from '../support/german-keys.ts';
import { RealOffice } from '../support/real-office.ts';
import { TerminalServer } from '../support/terminal-server.ts';
import { totp } from '../support/totp.ts';

const TEXT = 'äöüß€@{}\\';
const START_MS = 60_000;
const STORY_MS = 120_000;
const CONNECTED_MS = 20_000;
const WRITTEN_MS = 5_000;
const TRIES = 8;

/** The program that runs real peers; where they cannot be had, it is not set. */
const peers = process.env.FERNAMT_PEERS === 'required' ? process.env.FERNAMT_PEER : undefined;

describe.runIf(peers)('a desktop', () => {
  let terminal: TerminalServer;
  let office: RealOffice;

  beforeAll(async () => {
    terminal = await TerminalServer.start(peers ?? '', 'erika', 'Das Amt, von überall');
    office = await RealOffice.start({
      more: [
        ...['--rdp-address', terminal.address, '--rdp-user', terminal.user],
        ...['--rdp-password', terminal.password],
      ],
    });
  }, START_MS);

  afterAll(async () => {
    await office?.stop();
    await terminal?.stop();
  });

  it(
    'opens in a tab of its own, signs on by itself, and takes German keys byte for byte',
    async () => {
      const browser = await launch();
      const { page, context, faults } = await visit(browser, office.origin);
      await context.addInitScript(() => localStorage.setItem('fernamt-keyboard', 'de'));
      try {
        const desktop = await openDesktop(page, office);
        await desktop.getByText('Verbunden', { exact: true }).waitFor({ timeout: CONNECTED_MS });
        expect(await write(desktop, terminal.desk)).toBe(`${TEXT}\n`);
        await picture(desktop, 'office-desktop', false);
        expect(faults).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    STORY_MS,
  );
});

describe('a desktop that does not answer', () => {
  it(
    'says so and what to do',
    async () => {
      const browser = await launch();
      // Nobody listens on port 1 of the loopback.
      const office = await RealOffice.start({ more: ['--rdp-address', '127.0.0.1:1'] });
      const { page } = await visit(browser, office.origin);
      try {
        const desktop = await openDesktop(page, office);
        await desktop
          .getByText('Der Arbeitsplatz antwortet nicht.')
          .waitFor({ timeout: CONNECTED_MS });
        await picture(desktop, 'office-desktop-antwortet-nicht', false);
      } finally {
        await browser.close();
        await office.stop();
      }
    },
    STORY_MS,
  );
});

/** Signs erika in and opens her desktop, in a tab of its own. */
async function openDesktop(page: Page, office: RealOffice): Promise<Page> {
  const erika = office.person('erika');
  await page.goto('/');
  await page.locator('input[name=name]').fill(erika.name);
  await page.locator('input[name=password]').fill(erika.password);
  await page.keyboard.press('Enter');
  await page.locator('input[name=code]').fill(totp(erika.totp_secret));
  await page.keyboard.press('Enter');
  const tile = page.locator('.fa-tile__link[href^="/arbeitsplatz"]').first();
  const [desktop] = await Promise.all([page.context().waitForEvent('page'), tile.click()]);
  return desktop;
}

/** Types the text into a file by way of the terminal, and reads what has arrived there. */
async function write(desktop: Page, desk: string): Promise<string> {
  await terminalReady(desktop, desk);
  await typeGerman(desktop, `clear\ncat >/share/desk/file\n${TEXT}\n`);
  await desktop.keyboard.press('Control+KeyD');
  const written = () => readFile(join(desk, 'file'), 'utf8').catch(() => '');
  await expect.poll(written, { timeout: WRITTEN_MS }).toContain('\n');
  return written();
}

/** Nothing tells a browser when the terminal over there takes keys, so a small command is tried until it works. */
async function terminalReady(desktop: Page, desk: string): Promise<void> {
  const ready = () =>
    readFile(join(desk, 'ready')).then(
      () => true,
      () => false,
    );
  for (let attempt = 0; attempt < TRIES && !(await ready()); attempt += 1) {
    await desktop
      .locator('canvas')
      .first()
      .click({ position: { x: 200, y: 200 } });
    await typeGerman(desktop, '\ntrue >/share/desk/ready\n');
    await expect
      .poll(ready, { timeout: WRITTEN_MS })
      .toBe(true)
      .catch(() => undefined);
  }
}
