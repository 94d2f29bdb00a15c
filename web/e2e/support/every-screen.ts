import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults, overflowsSideways } from './axe.ts';
import { launch, picture, type View, visit } from './browser.ts';
import { movingAgainstWishes, unseenInForcedColours } from './contrast.ts';
import { MockOffice } from './mock-office.ts';

/** Screens with sound and pictures take their time on a busy machine. */
const SCREEN_MS = 60_000;
const CONTRAST = 'de-1280-kontrast';

const views: readonly [string, View][] = [
  ['de-1280', {}],
  ['en-360', { width: 360, language: 'en' }],
  ['de-360-dunkel', { width: 360, theme: 'dark' }],
  ['en-1280-dunkel', { language: 'en', theme: 'dark' }],
  [CONTRAST, { contrast: true, theme: 'dark' }],
];

/**
 * Unless every view is wanted, each screen is looked at where German has the least room, and by turns in one of these,
 * so that every style sheet is met in both languages, widths and themes.
 */
const NARROWEST = 'de-360-dunkel';
const BY_TURNS = ['de-1280', 'en-1280-dunkel', 'de-1280', 'en-360'];

/** One state of the web app that is looked at in every view. */
export type Screen = {
  name: string;
  /** Keeps the visible part only: dialogs cover the screen, not the page. */
  visible?: boolean;
  /** It is not looked at on a phone. */
  wideOnly?: boolean;
};

type Screens<S extends Screen> = {
  /** What these screens are the screens of. */
  of: string;
  screens: readonly S[];
  /** What the names of the pictures begin with. */
  prefix?: string;
  /** Forced colours are looked at where something of its own is drawn. */
  inContrast: readonly string[];
  /** Whether there are a camera and a microphone. */
  devices?: boolean;
  /** Furnishes the office for a screen, and tells how a page comes there. */
  show: (screen: S, office: MockOffice) => (page: Page) => Promise<void>;
};

/**
 * Holds that each screen is accessible, keeps still for those who want that, fits its window, and makes no error; and
 * keeps a picture of it. Each screen has a browser profile and an office of its own, so that two are looked at together:
 * most of the time a page waits until nothing more comes. The variables SCREEN (a beginning of names) and VIEW choose
 * among them; with FERNAMT_FULL or SCREEN they are looked at in every view.
 */
export function everyScreen<S extends Screen>(all: Screens<S>): void {
  const { SCREEN: only = '', VIEW: onlyView, FERNAMT_FULL: full } = process.env;
  const wanted = (screen: S, viewName: string) => {
    if (onlyView) return viewName === onlyView;
    if (full || only || viewName === CONTRAST) return true;
    if (screen.wideOnly) return viewName.includes('1280');
    const turn = all.screens.indexOf(screen) % BY_TURNS.length;
    return viewName === NARROWEST || viewName === BY_TURNS[turn];
  };
  const shown = (screen: S, viewName: string) =>
    wanted(screen, viewName) &&
    (viewName !== CONTRAST || all.inContrast.includes(screen.name)) &&
    !(screen.wideOnly && viewName.includes('360'));

  describe.concurrent(`every screen ${all.of}`, () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launch({ devices: all.devices ?? false });
    });
    afterAll(() => browser?.close());

    for (const screen of all.screens.filter(({ name }) => name.startsWith(only))) {
      for (const [viewName, view] of views.filter(([name]) => shown(screen, name))) {
        const name = `${all.prefix ?? ''}${screen.name}-${viewName}`;
        it(name, () => look(browser, all.show, screen, view, name), SCREEN_MS);
      }
    }
  });
}

async function look<S extends Screen>(
  browser: Browser,
  show: Screens<S>['show'],
  screen: S,
  view: View,
  name: string,
): Promise<void> {
  const office = await MockOffice.start();
  const comeThere = show(screen, office);
  const { context, page, faults } = await visit(browser, office.origin, view);
  try {
    await comeThere(page);
    await picture(page, name, !screen.visible);
    expect((await accessibilityFaults(page)).join('\n')).toBe('');
    if (view.contrast) expect((await unseenInForcedColours(page)).join('\n')).toBe('');
    expect((await movingAgainstWishes(page)).join('\n')).toBe('');
    expect(await overflowsSideways(page)).toBe(false);
    expect(faults.join('\n')).toBe('');
  } catch (error) {
    await picture(page, `failed-${name}`, false).catch(() => undefined);
    throw error;
  } finally {
    await context.close();
    await office.stop();
  }
}
