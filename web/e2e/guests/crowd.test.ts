import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { launch, picture, visit } from '../support/browser.ts';
import { hearsAndSees, received, watchConnections } from '../support/received.ts';

/** On the busiest machine. */
const PATIENCE_MS = 600_000;
/** So many more show that it goes on. */
const FRAMES = 20;
const LOOK_MS = 2_000;

/** What crates/server/tests/crowd/browsers.rs says: the meeting's link, and the port where it waits to be told things. */
const { FERNAMT_MEETING: link = '', FERNAMT_MEETING_LINE: port = '' } = process.env;

type Step = 'at_the_door' | 'seated' | 'received' | 'cut_off' | 'read';
type Word = { say: 'come' | 'killed' } | { say: 'chat'; texts: string[] };

/** Two people of a large meeting whose server is killed. They tell how far they are, and are told when to go on. */
it(
  'comes back to picture, sound and chat without being asked anything',
  async () => {
    const line = await Line.open();
    const browser = await launch({ devices: true });
    const guests = ['Ines Behrens', 'Ole Jensen'];
    const { origin } = new URL(link);
    const visits = await Promise.all(guests.map(() => visit(browser, origin)));
    const pages = visits.map(({ page }) => page);
    const each = (does: (page: Page, number: number) => Promise<unknown>) =>
      Promise.all(pages.map(does));
    const lost = (page: Page) => page.getByText('Die Verbindung ist unterbrochen');
    try {
      for (const { context } of visits) {
        context.setDefaultTimeout(PATIENCE_MS);
        await watchConnections(context);
      }
      await each(async (page, number) => {
        await page.goto(link);
        await page.locator('input[name=name]').fill(guests[number] ?? '');
        await page.getByRole('button', { name: 'Mikrofon einschalten' }).click();
        await page.getByRole('button', { name: 'Kamera einschalten' }).click();
        await page.getByRole('button', { name: 'Kamera ausschalten' }).waitFor();
        line.tell(number, 'at_the_door');
      });

      expect(await line.hear()).toEqual({ say: 'come' });
      await each(async (page, number) => {
        await page.getByRole('button', { name: 'Beitreten' }).click();
        await page.getByRole('region', { name: 'Besprechung steuern' }).waitFor();
        line.tell(number, 'seated');
        await hearsAndSees(page, { frames: 1, timeoutMs: PATIENCE_MS });
        line.tell(number, 'received');
        await hearsAndSees(page, { frames: FRAMES, timeoutMs: PATIENCE_MS });
        await page.keyboard.press('c');
        const field = page.getByRole('textbox', { name: 'Nachricht schreiben' });
        await field.fill(`${guests[number]} sieht und hört`);
        await field.press('Enter');
      });

      expect(await line.hear()).toEqual({ say: 'killed' });
      await each(async (page, number) => {
        await lost(page).waitFor();
        const since = await received(page);
        line.tell(number, 'cut_off');
        await lost(page).waitFor({ state: 'detached' });
        line.tell(number, 'seated');
        await hearsAndSees(page, { since, frames: 1, timeoutMs: PATIENCE_MS });
        line.tell(number, 'received');
        await hearsAndSees(page, { frames: FRAMES, timeoutMs: PATIENCE_MS });
      });

      const word = await line.hear();
      const texts = word.say === 'chat' ? word.texts : [];
      await each(async (page, number) => {
        const older = page.getByRole('button', { name: 'Ältere Nachrichten' });
        const messages = page.getByRole('log').locator('.fa-message__text');
        const read = async () => {
          // It goes when there are no older ones: that may be in between.
          if ((await older.count()) > 0)
            await older.click({ timeout: LOOK_MS }).catch(() => undefined);
          return messages.allTextContents();
        };
        await expect.poll(read, { timeout: PATIENCE_MS }).toEqual(texts);
        line.tell(number, 'read');
      });
      expect(visits.flatMap(({ faults }) => faults.filter(isNoLostLine)).join('\n')).toBe('');
    } catch (error) {
      for (const [number, page] of pages.entries()) {
        await picture(page, `failed-crowd-${number}`, false).catch(() => undefined);
      }
      throw error;
    } finally {
      await browser.close();
      line.close();
    }
  },
  2 * PATIENCE_MS,
);

/** To the story that these two were set out by. */
class Line {
  private readonly lines: AsyncIterator<string>;

  private constructor(private readonly socket: ReturnType<typeof connect>) {
    this.lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  static async open(): Promise<Line> {
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    return new Line(socket);
  }

  tell(who: number, step: Step): void {
    this.socket.write(`${JSON.stringify({ who, step })}\n`);
  }

  async hear(): Promise<Word> {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the other story has ended');
    return JSON.parse(value) as Word;
  }

  close(): void {
    this.socket.end();
  }
}

/** Chromium reports what could not be reached while the server was away. */
function isNoLostLine(fault: string): boolean {
  return !/WebSocket connection|ERR_CONNECTION|ERR_EMPTY_RESPONSE|Failed to load resource/.test(
    fault,
  );
}
