import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { launch, picture, visit } from '../support/browser.ts';
import { hearsAndSees, watchConnections } from '../support/received.ts';

/** On the busiest machine. */
const PATIENCE_MS = 600_000;
const FRAMES = 20;
const LOOK_MS = 2_000;

/** What the story in crates/server/tests/meeting.rs says: the meeting's link, and how many write beside these two. */
const { FERNAMT_MEETING: link = '', FERNAMT_MEETING_WRITERS: writers = '' } = process.env;

/** Two people of a large meeting whose server is killed. They and the others tell each other in the chat how far they are. */
it(
  'comes back to picture, sound and chat without being asked anything',
  async () => {
    const browser = await launch({ devices: true });
    const guests = ['Ines Behrens', 'Ole Jensen'];
    const { origin } = new URL(link);
    const visits = await Promise.all(guests.map(() => visit(browser, origin)));
    const pages = visits.map(({ page }) => page);
    const each = (does: (page: Page, number: number) => Promise<unknown>) =>
      Promise.all(pages.map(does));
    try {
      for (const { context } of visits) {
        context.setDefaultTimeout(PATIENCE_MS);
        await watchConnections(context);
      }
      const join = async (page: Page, number: number) => {
        await page.goto(link);
        await page.locator('input[name=name]').fill(guests[number] ?? '');
        await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
        await page.getByRole('button', { name: 'Kamera einschalten' }).click();
        const begun = Date.now();
        await page.getByRole('button', { name: 'Beitreten' }).click();
        await page.getByRole('button', { name: 'Kamera ausschalten' }).waitFor();
        console.log(`${guests[number]} is in after ${Date.now() - begun} ms`);
      };
      await each(join);
      await each((page) => hearsAndSees(page, { frames: FRAMES, timeoutMs: PATIENCE_MS }));
      await each(async (page, number) => {
        await page.keyboard.press('c');
        const field = page.getByRole('textbox', { name: 'Nachricht schreiben' });
        await field.fill(`${guests[number]} sieht und hört`);
        await field.press('Enter');
      });

      // Now the server is killed. Once it is back, and everybody with it, all write once more.
      await each((page) => page.getByRole('log').getByText('nachher 0', { exact: true }).waitFor());
      await each((page) => page.locator('.fa-notice--warning').waitFor({ state: 'detached' }));
      await each((page) => hearsAndSees(page, { frames: FRAMES, timeoutMs: PATIENCE_MS }));
      await each(async (page) => {
        const older = page.getByRole('button', { name: 'Ältere Nachrichten' });
        const texts = page.getByRole('log').locator('.fa-message__text');
        const wanted = [...guests.map((name) => `${name} sieht und hört`), ...all('vorher')];
        const told = async () => {
          // It goes when there are no older ones: that may be in between.
          if ((await older.count()) > 0)
            await older.click({ timeout: LOOK_MS }).catch(() => undefined);
          const there = await texts.allTextContents();
          return [...wanted, ...all('nachher')].filter(
            (text) => there.filter((one) => one === text).length !== 1,
          );
        };
        await expect.poll(told, { timeout: PATIENCE_MS }).toEqual([]);
      });
      expect(visits.flatMap(({ faults }) => faults.filter(isNoLostLine)).join('\n')).toBe('');
    } catch (error) {
      for (const [number, page] of pages.entries()) {
        await picture(page, `failed-crowd-${number}`, false).catch(() => undefined);
      }
      throw error;
    } finally {
      await browser.close();
    }
  },
  2 * PATIENCE_MS,
);

function all(word: string): string[] {
  return Array.from({ length: Number(writers) }, (_, number) => `${word} ${number}`);
}

/** Chromium reports what could not be reached while the server was away. */
function isNoLostLine(fault: string): boolean {
  return !/WebSocket connection|ERR_CONNECTION|ERR_EMPTY_RESPONSE|Failed to load resource/.test(
    fault,
  );
}
