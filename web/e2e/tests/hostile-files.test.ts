import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bombs } from '../support/bombs.ts';
import { launch } from '../support/browser.ts';
import { MailPageServer } from '../support/mail-page.ts';

/** Nothing may stand still longer than this. */
const STILL_MS = 2_000;
/** Reading ends after two seconds, drawing after eight; the rest is the machine of a test. */
const SHOWN_MS = 20_000;

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

type Watched = { context: BrowserContext; page: Page; asked: string[]; happened: string[] };

/** The mail page, from which every request but those for its own parts is held up and told. */
async function opened(): Promise<Watched> {
  const context = await browser.newContext({ baseURL: server.origin, locale: 'de-DE' });
  const page = await context.newPage();
  const [asked, happened]: [string[], string[]] = [[], []];
  page.on('dialog', (dialog) => {
    happened.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', ({ message }) => happened.push(`error: ${message}`));
  page.on('popup', (popup) => happened.push(`window: ${popup.url()}`));
  page.on('download', (download) => happened.push(`download: ${download.suggestedFilename()}`));
  await context.route(
    (url) => !(url.origin === server.origin && url.pathname.startsWith('/assets/')),
    (route) => {
      const address = route.request().url();
      if (address === `${server.origin}/?szene=leer` || address === `${server.origin}/scenes.js`) {
        return route.continue();
      }
      asked.push(address);
      return route.abort();
    },
  );
  await page.goto('/?szene=leer');
  await page.locator('.fa-mail__list').waitFor();
  return { context, page, asked, happened };
}

it('opens no bomb: nothing leaves, nothing runs, nothing stands still, and each is told or shown', async () => {
  const { context, page, asked, happened } = await opened();
  try {
    const [found, wrong]: [string[], string[]] = [[], []];
    for (const { name, bytes, shows } of bombs()) {
      await page.evaluate(
        ([file, base64]) => {
          const { scenes } = window as unknown as { scenes: Scenes };
          scenes.attach(file, 'application/octet-stream', base64);
        },
        [name, Buffer.from(bytes).toString('base64')] as const,
      );
      const button = page.locator('.fa-mail__attachment', { hasText: name });
      await button.waitFor();
      const { gap, ms, text } = await page.evaluate(
        async ([file, wanted, most]) => {
          const started = performance.now();
          let [last, longest, said] = [started, 0, ''];
          const all = [...document.querySelectorAll<HTMLElement>('.fa-mail__attachment')];
          all.find((one) => one.textContent?.includes(file))?.click();
          const expression = new RegExp(wanted);
          while (performance.now() - started < most) {
            await new Promise((done) => setTimeout(done, 5));
            longest = Math.max(longest, performance.now() - last);
            last = performance.now();
            const viewer = document.querySelector(
              '.fa-viewer, [role=dialog] .fa-alert, [role=dialog]',
            );
            const frame = document.querySelector<HTMLIFrameElement>('.fa-document__frame');
            const place = document.querySelector('.fa-dialog');
            said = `${viewer ? (place?.textContent ?? '') : ''} ${frame ? 'Rahmen' : ''}`;
            const isDrawn = !place?.querySelector('.kern-loader, .fa-loading, [aria-busy=true]');
            if (isDrawn && expression.test(said.replace(file, ''))) break;
          }
          return { gap: longest, ms: performance.now() - started, text: said };
        },
        [name, shows.source, SHOWN_MS] as const,
      );
      found.push(`${name}: ${Math.round(gap)} of ${Math.round(ms)} ms`);
      if (!shows.test(text)) wrong.push(`${name} shows ${text.slice(0, 300)}`);
      if (gap >= STILL_MS) wrong.push(`${name} stood still for ${Math.round(gap)} ms`);
      if (process.env.FERNAMT_TIMES) console.log(found.at(-1), wrong.at(-1) ?? '');
      await page.locator('.fa-dialog__head button').click();
      await page.locator('.fa-dialog').waitFor({ state: 'detached' });
    }
    expect(wrong, found.join('\n')).toEqual([]);
    expect(asked).toEqual([]);
    expect(happened).toEqual([]);
    expect(await page.evaluate(() => 'ran' in window)).toBe(false);
  } finally {
    await context.close();
  }
}, 120_000);
