import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFaults, overflowsSideways } from '../support/axe.ts';
import { launch, picture, type View, visit } from '../support/browser.ts';
import { movingAgainstWishes, unseenInForcedColours } from '../support/contrast.ts';
import { MailPageServer } from '../support/mail-page.ts';
import type { Scenes } from '../support/mail-scenes.tsx';

type Screen = {
  name: string;
  path: string;
  views: Record<string, View>;
  act?: (page: Page) => Promise<void>;
  /** What is done before it is looked at by machines. */
  after?: (page: Page) => Promise<void>;
};

const WIDE: View = {};
const PHONE: View = { width: 360, language: 'en' };
const DARK: View = { theme: 'dark', language: 'en' };
const DARK_PHONE: View = { width: 360, theme: 'dark' };

const writes = async (page: Page) => {
  await page
    .locator('#feld-mail-to')
    .fill('Ines Behrens <i.behrens@kreis.example>, jens.ahlers@stadt.example,');
  await page.locator('#feld-mail-to').press('Enter');
  await page.locator('#mail-subject').fill('Räumplan der Stadt');
  await page.locator('.fa-write__text').fill('Sehr geehrte Frau Behrens,\n\nanbei unser Räumplan.');
  await page.locator('.fa-write__keeping').filter({ hasText: /\d/ }).waitFor();
};

/** Opens a message with a picture that lies elsewhere, where such ones may be fetched. */
const withPictures = async (page: Page) => {
  await page.evaluate(async () => {
    const { mail } = (window as unknown as { scenes: Scenes }).scenes;
    mail.fetches = true;
    const canvas = new OffscreenCanvas(560, 240);
    const brush = canvas.getContext('2d');
    if (!brush) throw new Error('this browser draws nothing');
    brush.fillStyle = '#dfe9d5';
    brush.fillRect(0, 0, 560, 240);
    brush.strokeStyle = '#14388a';
    brush.lineWidth = 6;
    brush.bezierCurveTo(0, 200, 220, 20, 560, 120);
    brush.stroke();
    const png = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    mail.elsewherePictures.set('https://bilder.example/karte.png', png);
  });
  await page.goto('/#/f/inbox/t/t-kreis');
  await page.locator('iframe').waitFor();
};

const screens: Screen[] = [
  { name: 'posteingang', path: '/', views: { 'de-360-dunkel': DARK_PHONE } },
  {
    name: 'lesen',
    path: '/#/f/inbox/t/dach',
    views: {
      'de-1280': WIDE,
      'en-360': PHONE,
      'de-1280-kontrast': { contrast: true, theme: 'dark' },
    },
    act: (page) => page.locator('.fa-mail__attachments').waitFor(),
  },
  {
    name: 'html',
    path: '/#/f/inbox/t/t-kreis',
    views: { 'en-1280-dunkel': DARK },
    act: (page) => page.locator('iframe').waitFor(),
  },
  {
    name: 'bilder',
    path: '/',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: async (page) => {
      await withPictures(page);
      await page.locator('.fa-mail__blocked button').waitFor();
    },
  },
  {
    name: 'bilder-geladen',
    path: '/',
    views: { 'de-360-dunkel': DARK_PHONE, 'en-1280-dunkel': DARK },
    act: async (page) => {
      await withPictures(page);
      await page.locator('.fa-mail__blocked button').click();
      await page.frameLocator('iframe').locator('img[src^="data:image/png"]').waitFor();
      await page.locator('.fa-mail__blocked button').waitFor({ state: 'detached' });
    },
  },
  {
    name: 'schreiben',
    path: '/#/f/inbox/schreiben',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: writes,
  },
  {
    name: 'vor-dem-senden',
    path: '/#/f/inbox/schreiben',
    views: { 'de-360-dunkel': DARK_PHONE },
    act: async (page) => {
      await writes(page);
      await page.keyboard.press('Control+Enter');
      await page.getByRole('alertdialog').waitFor();
    },
  },
  {
    name: 'ohne-verbindung',
    path: '/?szene=offline',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
  },
  {
    name: 'abgelehnt',
    path: '/?szene=abgelehnt',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: (page) => page.locator('.fa-mail__refused').waitFor(),
  },
  {
    name: 'vorschlaege',
    path: '/#/f/inbox/schreiben',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: async (page) => {
      await page.locator('#feld-mail-to').fill('be');
      await page.locator('.fa-picker__item').nth(2).waitFor();
      await page.keyboard.press('ArrowDown');
    },
    // While such a list is open, readers are kept from all that is not of it.
    after: async (page) => {
      await page.keyboard.press('Enter');
      await page.locator('.fa-recipients__one').waitFor();
      await page.locator('.fa-picker__item').first().waitFor({ state: 'detached' });
    },
  },
  {
    name: 'nicht-zugestellt',
    path: '/?szene=drinnen#/f/inbox/schreiben',
    views: { 'de-360-dunkel': DARK_PHONE },
    act: async (page) => {
      await writes(page);
      await page.locator('.fa-recipients__fault').waitFor();
    },
  },
  {
    name: 'formatiert',
    path: '/#/f/inbox/schreiben',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: async (page) => {
      await writes(page);
      await page.locator('.fa-write__foot button').last().click();
      const text = page.locator('.fa-rich__text');
      await text.click();
      await page.keyboard.press('Control+End');
      await page.locator('.fa-rich__tools button').nth(2).click();
      await page.keyboard.type('Straßen');
      await page.keyboard.press('Enter');
      await page.keyboard.type('Plätze ');
      await page.keyboard.press('Control+b');
      await page.keyboard.type('zuerst');
      await page.keyboard.press('Control+z');
      await text.locator('li').nth(1).waitFor();
    },
  },
  {
    name: 'abwesenheit',
    path: '/?szene=weg',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: async (page) => {
      await page.locator('.fa-mail__away button').click();
      await page.getByRole('dialog').locator('[name=mail-away-outside]').waitFor();
    },
  },
  {
    name: 'abwesend',
    path: '/?szene=weg',
    views: { 'en-360': PHONE },
    act: (page) => page.locator('.fa-mail__away').waitFor(),
  },
  {
    name: 'ordner-verwalten',
    path: '/#/',
    views: { 'de-1280': WIDE, 'de-360-dunkel': DARK_PHONE },
    act: async (page) => {
      await page.locator('.fa-mail__fresh button').first().click();
      await page.getByRole('menuitem').first().click();
      await page.getByRole('dialog').locator('.fa-folders').waitFor();
    },
  },
  {
    name: 'signaturen',
    path: '/#/',
    views: { 'en-360': PHONE },
    act: async (page) => {
      await page.locator('.fa-mail__fresh button').first().click();
      await page.getByRole('menuitem').nth(2).click();
      await page.getByRole('dialog').locator('textarea').first().waitFor();
    },
  },
  {
    name: 'team-lesen',
    path: '/?szene=team#/k/1/f/inbox/t/zaun',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: (page) => page.locator('.fa-team__text').waitFor(),
  },
  {
    name: 'team-postfaecher',
    path: '/?szene=team#/',
    views: { 'de-360-dunkel': DARK_PHONE },
    act: (page) => page.locator('.fa-accounts__one').nth(2).waitFor(),
  },
  {
    name: 'team-nur-lesen',
    path: '/?szene=team#/k/2/f/inbox/t/plan',
    views: { 'en-1280-dunkel': DARK },
    act: (page) => page.locator('.fa-accounts__whose').waitFor(),
  },
  {
    name: 'team-im-auftrag',
    path: '/?szene=team#/k/1/schreiben',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: (page) => page.locator('.fa-accounts__sender').waitFor(),
  },
  {
    name: 'team-vertretungen',
    path: '/?szene=team#/',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: async (page) => {
      await page.locator('.fa-accounts__share button').click();
      await page.locator('.fa-sharing__list button').first().click();
      await page.locator('.fa-sharing__rights').waitFor();
    },
  },
  {
    name: 'team-geschlossen',
    path: '/?szene=geschlossen',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: (page) => page.locator('.fa-accounts__undone').waitFor(),
  },
  {
    name: 'verdreht',
    path: '/?szene=verdreht#/f/inbox/t/t-verdreht',
    views: { 'de-1280': WIDE, 'en-360': PHONE },
    act: (page) => page.locator('.fa-mail__attachments').waitFor(),
  },
  {
    name: 'suche-leer',
    path: '/?szene=offline',
    views: { 'en-360': PHONE },
    act: async (page) => {
      await page.getByLabel('Search mail').fill('Gartenzaun');
      await page.keyboard.press('Enter');
      await page.locator('.fa-mail__hint').waitFor();
      await page.locator('.fa-mail__list .fa-empty').waitFor();
    },
  },
];

const { SCREEN: only = '', VIEW: onlyView } = process.env;

describe('every screen of the mail', () => {
  let browser: Browser;
  let server: MailPageServer;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launch(), MailPageServer.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  it('is gone through by keyboard alone', async () => {
    const { context, page, faults } = await visit(browser, server.origin);
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    const told = () =>
      page.evaluate(() => (window as unknown as { scenes: Scenes }).scenes.mail.told.join('\n'));
    try {
      await page.goto('/');
      await page.locator('.fa-mail__row').first().waitFor();
      await page.locator('input[type=search]').focus();
      await page.keyboard.press('Tab');
      expect(await focused()).toContain('Dachsanierung');
      await page.keyboard.press('ArrowDown');
      expect(await focused()).toContain('Lagebesprechung');
      await page.keyboard.press('Enter');
      await expect.poll(focused).toBe('Einladung: Lagebesprechung Winterdienst');
      await expect.poll(told).toContain('kreis keyword seen true');
      await page.keyboard.press('Escape');
      await expect.poll(focused).toContain('Ines Behrens');
      await page.keyboard.press('m');
      await expect.poll(told).toContain('kreis keyword flagged true');
      await page.keyboard.press('Space');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Space');
      await page.getByText('2 gewählt').waitFor();
      await page.keyboard.press('Delete');
      await expect.poll(told).toContain('kreis+rest-0 move inbox trash');
      await page.getByText('2 Nachrichten in den Papierkorb gelegt').waitFor();
      await page.goBack();
      await page.locator('#mail-thread-title').waitFor();
      expect(faults).toEqual([]);
    } finally {
      await context.close();
    }
  });

  for (const { name, path, views, act, after } of screens.filter((one) =>
    one.name.startsWith(only),
  )) {
    for (const [viewName, view] of Object.entries(views)) {
      if (onlyView && viewName !== onlyView) continue;
      it(`${name} ${viewName}`, async () => {
        const { context, page, faults } = await visit(browser, server.origin, view);
        const file = `post-${name}-${viewName}`;
        try {
          await page.goto(path);
          await page.locator('.fa-mail__list').waitFor({ state: 'attached' });
          await page.waitForLoadState('networkidle');
          await act?.(page);
          // A frame without scripts does not always tell that it is idle.
          await page.evaluate(() => document.fonts.ready);
          await picture(page, file, false);
          await after?.(page);
          expect((await accessibilityFaults(page)).join('\n')).toBe('');
          if (view.contrast) expect((await unseenInForcedColours(page)).join('\n')).toBe('');
          expect((await movingAgainstWishes(page)).join('\n')).toBe('');
          expect(await overflowsSideways(page)).toBe(false);
          expect(faults.join('\n')).toBe('');
        } catch (error) {
          await picture(page, `failed-${file}`, false).catch(() => undefined);
          throw error;
        } finally {
          await context.close();
        }
      });
    }
  }
});
