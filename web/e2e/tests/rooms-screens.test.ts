import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults, overflowsSideways } from '../support/axe.ts';
import { launch, picture, type View, visit } from '../support/browser.ts';
import { movingAgainstWishes, unseenInForcedColours } from '../support/contrast.ts';
import { MockConference } from '../support/mock-conference.ts';
import { furnish, MockOffice, problem } from '../support/mock-office.ts';

const SCREEN_MS = 60_000;

type Screen = {
  name: string;
  path: string | ((conference: MockConference) => string);
  prepare?: (conference: MockConference, office: MockOffice) => void;
  act?: (page: Page) => Promise<void>;
  /** Keeps the visible part only: dialogs cover the screen, not the page. */
  visible?: boolean;
};

const roomAt = (index: number) => (conference: MockConference) =>
  `/besprechungen/${conference.rooms[index]?.id}`;
const furnished = (conference: MockConference) => {
  conference.furnish();
};
/** The news of what was done lies over the page for a while. */
const withoutNews = async (page: Page) => {
  const news = page.locator('.fa-toasts > *');
  await news
    .getByRole('button')
    .first()
    .click({ timeout: 1_000 })
    .catch(() => undefined);
  await news.first().waitFor({ state: 'detached', timeout: 20_000 });
};
const submit = (page: Page) => page.locator('form button[type=submit]').click();

const screens: Screen[] = [
  { name: 'liste', path: '/besprechungen', prepare: furnished },
  {
    name: 'liste-offen',
    path: '/besprechungen',
    prepare: furnished,
    act: async (page) => {
      await page.locator('.fa-card .kern-btn--primary').click();
      await page.locator('.fa-access').waitFor();
      await withoutNews(page);
    },
  },
  { name: 'liste-leer', path: '/besprechungen' },
  {
    name: 'liste-nur-gast',
    path: '/besprechungen',
    prepare: (conference) => {
      conference.options.may_create = [];
    },
  },
  {
    name: 'liste-stoerung',
    path: '/besprechungen',
    prepare: (_, office) => {
      for (const path of ['rooms', 'meetings'])
        office.on('GET', `/conference/${path}`, () => problem(503, 'busy'));
    },
  },
  { name: 'buchen', path: '/besprechungen/neu', prepare: furnished },
  {
    name: 'buchen-serie',
    path: '/besprechungen/neu',
    prepare: furnished,
    act: async (page) => {
      await page.locator('input[name=name]').fill('Lagebesprechung Winterdienst');
      await page.locator('select[name=repeat]').selectOption('week');
      await page.locator('.fa-dates').waitFor();
      await page.locator('#feld-people input').or(page.locator('input#feld-people')).fill('an');
      await page.locator('.fa-picker__item').first().click();
      await page.locator('.fa-invitee').waitFor();
      await page.locator('textarea[name=outside]').fill('Ines Behrens <i.behrens@kreis.example>');
      await page.locator('.fa-card .fa-btn--small').last().click();
      await page.locator('.fa-invitee').nth(1).waitFor();
      await page.keyboard.press('Escape');
      await withoutNews(page);
    },
  },
  {
    name: 'buchen-fehlt',
    path: '/besprechungen/neu',
    prepare: furnished,
    act: async (page) => {
      await page.locator('input[name=day]').fill('');
      await submit(page);
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'persoenlich', path: '/besprechungen/neu?art=personal' },
  { name: 'raum', path: roomAt(1), prepare: furnished },
  { name: 'raum-serie', path: roomAt(2), prepare: furnished },
  {
    name: 'raum-gebucht',
    path: (conference) => `${roomAt(1)(conference)}?neu=true`,
    prepare: (conference) => {
      conference.furnish();
      conference.options.mail = false;
    },
  },
  { name: 'raum-eingeladen', path: roomAt(3), prepare: furnished },
  { name: 'raum-persoenlich', path: roomAt(0), prepare: furnished },
  { name: 'raum-aendern', path: (one) => `${roomAt(2)(one)}/aendern`, prepare: furnished },
  {
    name: 'termin-verschieben',
    path: roomAt(2),
    prepare: furnished,
    visible: true,
    act: async (page) => {
      await page.locator('.fa-list .fa-btn--icon').first().click();
      await page.getByRole('menuitem').nth(1).click();
      await page.locator('input[name=move_day]').waitFor();
    },
  },
  {
    name: 'termin-absagen',
    path: roomAt(2),
    prepare: furnished,
    visible: true,
    act: async (page) => {
      await page.locator('.fa-list .fa-btn--icon').first().click();
      await page.getByRole('menuitem').last().click();
      await page.getByRole('alertdialog').waitFor();
    },
  },
];

const CONTRAST = 'de-1280-kontrast';
const inContrast = new Set(['liste', 'buchen-serie', 'raum-serie']);

const views: [string, View][] = [
  ['de-1280', {}],
  ['en-360', { width: 360, language: 'en' }],
  ['de-360-dunkel', { width: 360, theme: 'dark' }],
  ['en-1280-dunkel', { language: 'en', theme: 'dark' }],
  [CONTRAST, { contrast: true, theme: 'dark' }],
];

describe('every screen of booking', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  const only = process.env.SCREEN;
  const onlyView = process.env.VIEW;
  for (const screen of screens.filter(({ name }) => !only || name.startsWith(only))) {
    for (const [viewName, view] of views.filter(
      ([name]) =>
        (!onlyView || name === onlyView) && (name !== CONTRAST || inContrast.has(screen.name)),
    )) {
      it(
        `${screen.name}, ${viewName}`,
        async () => {
          const office = furnish(await MockOffice.start());
          const conference = new MockConference().open(office);
          screen.prepare?.(conference, office);
          const { context, page, faults } = await visit(browser, office.origin, view);
          try {
            const path = typeof screen.path === 'string' ? screen.path : screen.path(conference);
            await page.goto(path);
            await page.locator('main h1').waitFor();
            await page.waitForLoadState('networkidle');
            await screen.act?.(page);
            await page.waitForLoadState('networkidle');
            await picture(page, `besprechungen-${screen.name}-${viewName}`, !screen.visible);
            expect((await accessibilityFaults(page)).join('\n')).toBe('');
            if (view.contrast) expect((await unseenInForcedColours(page)).join('\n')).toBe('');
            expect((await movingAgainstWishes(page)).join('\n')).toBe('');
            expect(await overflowsSideways(page)).toBe(false);
            expect(faults.join('\n')).toBe('');
          } catch (error) {
            await picture(page, `failed-${screen.name}-${viewName}`, false).catch(() => undefined);
            throw error;
          } finally {
            await context.close();
            await office.stop();
          }
        },
        SCREEN_MS,
      );
    }
  }
});
