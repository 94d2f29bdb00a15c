import { mkdirSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Everything but our own origins is cut off: the app must not need anything else. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
];

export const results = new URL('../../test-results/', import.meta.url);

/** Camera and microphone made of moving colours and a tone, and nobody is asked. */
const devices = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** Debian's Chromium, without a network; with devices for meetings where they are wanted. */
export async function launch(options: { devices?: boolean } = {}): Promise<Browser> {
  mkdirSync(results, { recursive: true });
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...flags, ...(options.devices ? devices : [])],
  });
}

/** The same with a profile that stays in this folder. */
export async function launchKept(profile: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: flags,
    locale: 'de-DE',
  });
}

export type View = {
  width?: 1280 | 360;
  language?: 'de' | 'en';
  theme?: 'light' | 'dark';
  contrast?: boolean;
};

export type Visit = {
  context: BrowserContext;
  page: Page;
  /** Everything that went wrong: errors of the page, of its policy, requests to strangers. */
  faults: string[];
};

/** A fresh browser profile at `origin`; whatever goes wrong in it is collected. */
export async function visit(browser: Browser, origin: string, view: View = {}): Promise<Visit> {
  const { width = 1280, language = 'de', theme = 'light', contrast = false } = view;
  const context = await browser.newContext({
    baseURL: origin,
    viewport: { width, height: width === 360 ? 740 : 800 },
    locale: language === 'de' ? 'de-DE' : 'en-GB',
    timezoneId: 'Europe/Berlin',
    colorScheme: theme,
    forcedColors: contrast ? 'active' : 'none',
    reducedMotion: 'reduce',
    ...(width === 360 && { hasTouch: true, isMobile: true, deviceScaleFactor: 2 }),
  });
  const faults: string[] = [];
  const watch = (page: Page) => {
    page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' && !expected(message.text())) faults.push(message.text());
    });
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^(data|blob):$/.test(protocol)) return;
      const own = new URL(origin).hostname;
      if (hostname !== own && hostname !== `post.${own}`) {
        faults.push(`foreign request: ${request.url()}`);
      }
    });
  };
  context.on('page', watch);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  return { context, page, faults };
}

/** Chromium reports each refusal of the server as an error of its own, and each request where a test takes its line away. */
const expected = (text: string) =>
  /^Failed to load resource: (the server responded|net::ERR_INTERNET_DISCONNECTED)/.test(text);

/** Keeps a picture of the page for people to look at. */
export async function picture(page: Page, name: string, whole = true): Promise<void> {
  const path = new URL(`${name}.png`, results).pathname;
  // What sticks to the edge of the window would lie over the middle of the whole page.
  if (whole) await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path, fullPage: whole, animations: 'disabled' });
}
