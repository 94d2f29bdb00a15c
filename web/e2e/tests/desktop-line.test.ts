import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { accessibilityFaults } from '../support/axe.ts';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { RealOffice } from '../support/real-office.ts';
import { signIn } from '../support/sign-in.ts';
import { TerminalServer } from '../support/terminal-server.ts';

/** What a German keyboard can write; this server knows no other characters. */
const TEXT = 'Grüße äöüß€@{}';
const START_MS = 120_000;
const STORY_MS = 120_000;
const CONNECTED_MS = 20_000;
const NOTICED_MS = 25_000;
const WRITTEN_MS = 15_000;
const SILENT_MS = 5_000;
const TRIES = 8;

/** The program that runs real peers; where they cannot be had, it is not set. */
const peers = process.env.FERNAMT_PEERS === 'required' ? process.env.FERNAMT_PEER : undefined;

describe.runIf(peers)('the way to a desktop', () => {
  let terminal: TerminalServer;
  let office: RealOffice;
  let browser: Browser;
  let erika: Visit;
  let desktop: Page;

  const tile = () => erika.page.locator('.fa-tile__link[href^="/arbeitsplatz"]').first();
  const connected = () =>
    desktop.getByText('Verbunden', { exact: true }).waitFor({ timeout: CONNECTED_MS });

  beforeAll(async () => {
    terminal = await TerminalServer.start(peers ?? '', 'erika', 'Das Amt, von überall');
    office = await RealOffice.start({ more: terminal.demoOptions() });
    browser = await launch();
    erika = await visit(browser, office.origin);
    await erika.context.addInitScript(() => localStorage.setItem('fernamt-keyboard', 'de'));
    await signIn(erika.page, office.person('erika'));
    [desktop] = await Promise.all([erika.context.waitForEvent('page'), tile().click()]);
    await connected();
  }, START_MS);

  afterAll(async () => {
    await browser?.close();
    await office?.stop();
    await terminal?.stop();
  });

  it('leads back to the running desktop, however often its tile is pressed', async () => {
    const socket = desktop.waitForEvent('websocket', { timeout: SILENT_MS }).catch(() => null);
    await tile().click();
    expect(await socket).toBeNull();
    expect(erika.context.pages()).toHaveLength(2);
    await connected();
  });

  it(
    'takes text that no key made, as phones and input methods write it',
    async () => {
      const cdp = await erika.context.newCDPSession(desktop);
      await desktop.bringToFront();
      await terminalReady(desktop, cdp, terminal.desk);
      await insert(desktop, cdp, 'cat >/share/desk/text');
      // Before the shell has handed its terminal over, a return would stay one.
      await vi.waitUntil(() => existsSync(join(terminal.desk, 'text')), { timeout: WRITTEN_MS });
      await insert(desktop, cdp, TEXT);
      await cdp.send('Input.imeSetComposition', {
        text: 'Rathuas',
        selectionStart: 7,
        selectionEnd: 7,
      });
      await insert(desktop, cdp, 'Rathaus');
      await desktop.keyboard.press('Control+KeyD');
      await expect
        .poll(() => content(terminal.desk, 'text'), { timeout: WRITTEN_MS })
        .toBe(`${TEXT}\nRathaus\n`);
    },
    STORY_MS,
  );

  it(
    'says that the line broke, and comes back by itself',
    async () => {
      await erika.context.setOffline(true);
      await desktop.getByText('Die Leitung ist unterbrochen').waitFor({ timeout: NOTICED_MS });
      await desktop.getByText(/^Versuch \d+ von 60/).waitFor();
      await picture(desktop, 'office-desktop-unterbrochen', false);
      expect(await accessibilityFaults(desktop)).toEqual([]);
      await erika.context.setOffline(false);
      await connected();
    },
    STORY_MS,
  );
});

const content = (desk: string, name: string) => readFile(join(desk, name), 'utf8').catch(() => '');

async function insert(desktop: Page, cdp: CDPSession, text: string): Promise<void> {
  await cdp.send('Input.insertText', { text });
  await desktop.keyboard.press('Enter');
}

/** Nothing tells a browser when the terminal over there takes text, so a small command is tried until it works. */
async function terminalReady(desktop: Page, cdp: CDPSession, desk: string): Promise<void> {
  const ready = () => content(desk, 'ready');
  for (let attempt = 0; attempt < TRIES && !(await ready()); attempt += 1) {
    await desktop
      .locator('canvas')
      .first()
      .click({ position: { x: 200, y: 200 } });
    await insert(desktop, cdp, 'echo ready >/share/desk/ready');
    await expect
      .poll(ready, { timeout: WRITTEN_MS })
      .not.toBe('')
      .catch(() => undefined);
  }
}
