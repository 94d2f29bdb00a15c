import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { MailPageServer } from './mail-page.ts';

export type Watched = {
  context: BrowserContext;
  page: Page;
  /** Requests for anything but the page's own parts. None of them goes out. */
  asked: string[];
  /** Dialogs, windows, downloads, errors. */
  happened: string[];
};

/** The mail page, empty, with everything held up and told that it does besides loading its own parts. */
export async function watched(browser: Browser, server: MailPageServer): Promise<Watched> {
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
  const own = ['/?szene=leer', '/scenes.js'];
  await context.route('**', (route) => {
    const { href, origin, pathname, search } = new URL(route.request().url());
    const isOwn = pathname.startsWith('/assets/') || own.includes(pathname + search);
    if (origin === server.origin && isOwn) return route.continue();
    asked.push(href);
    return route.abort();
  });
  await page.goto('/?szene=leer');
  await page.locator('.fa-mail__list').waitFor();
  return { context, page, asked, happened };
}
