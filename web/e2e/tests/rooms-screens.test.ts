import type { Page } from 'playwright-core';
import { type Screen as AnyScreen, everyScreen } from '../support/every-screen.ts';
import { MockConference } from '../support/mock-conference.ts';
import { furnish, type MockOffice, problem } from '../support/mock-office.ts';

type Screen = AnyScreen & {
  path: string | ((conference: MockConference) => string);
  prepare?: (conference: MockConference, office: MockOffice) => void;
  act?: (page: Page) => Promise<void>;
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
      await page.locator('.fa-fold summary').click();
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

everyScreen<Screen>({
  of: 'of booking',
  screens,
  prefix: 'besprechungen-',
  inContrast: ['liste', 'buchen-serie', 'raum-serie'],
  show: (screen, office) => {
    const conference = new MockConference().open(furnish(office));
    screen.prepare?.(conference, office);
    return async (page) => {
      await page.goto(typeof screen.path === 'string' ? screen.path : screen.path(conference));
      await page.locator('main h1').waitFor();
      await page.waitForLoadState('networkidle');
      await screen.act?.(page);
      await page.waitForLoadState('networkidle');
    };
  },
});
