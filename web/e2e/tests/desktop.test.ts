import { readFile, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { launch, picture, visit } from '../support/browser.ts';
import { typeGerman } from '../support/german-keys.ts';
import { RealOffice } from '../support/real-office.ts';
import { totp } from '../support/totp.ts';

/**
 * A desktop on a real RDP server, which whoever runs this has started: `RDP_ADDRESS` (host:port),
 * `RDP_USER` and `RDP_PASSWORD`; its session is a terminal with a UTF-8 locale whose `RDP_FILE` this
 * machine can read.
 */
const { RDP_ADDRESS, RDP_USER = '', RDP_PASSWORD = '', RDP_FILE = '' } = process.env;
const TEXT = 'äöüß€@{}\\';
const STORY_MS = 90_000;
const SESSION_MS = 8_000;

describe.runIf(RDP_ADDRESS)('a desktop', () => {
  it(
    'opens in a tab of its own and takes German keys byte for byte',
    async () => {
      const browser = await launch();
      const office = await RealOffice.start(['--rdp-address', RDP_ADDRESS ?? '']);
      const { page, context, faults } = await visit(browser, office.origin);
      await context.addInitScript(() => localStorage.setItem('fernamt-keyboard', 'de'));
      try {
        const erika = office.person('erika');
        await page.goto('/');
        await page.locator('input[name=name]').fill(erika.name);
        await page.locator('input[name=password]').fill(erika.password);
        await page.keyboard.press('Enter');
        await page.locator('input[name=code]').fill(totp(erika.totp_secret));
        await page.keyboard.press('Enter');
        const tile = page.locator('.fa-tile__link[href^="/arbeitsplatz"]').first();
        const [desktop] = await Promise.all([context.waitForEvent('page'), tile.click()]);
        await desktop.getByText('Verbunden', { exact: true }).waitFor({ timeout: SESSION_MS });
        await desktop.waitForTimeout(SESSION_MS / 4);
        await typeGerman(desktop, `${RDP_USER}\t${RDP_PASSWORD}\n`);
        await desktop.waitForTimeout(SESSION_MS);
        await rm(RDP_FILE, { force: true });
        await typeGerman(desktop, `cat >${RDP_FILE}\n${TEXT}\n`);
        await desktop.keyboard.press('Control+KeyD');
        await expect
          .poll(() => readFile(RDP_FILE, 'utf8').catch(() => ''), { timeout: SESSION_MS })
          .toBe(`${TEXT}\n`);
        await picture(desktop, 'office-desktop', false);
        expect(faults).toEqual([]);
      } finally {
        await browser.close();
        await office.stop();
      }
    },
    STORY_MS,
  );
});
