import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, picture } from '../support/browser.ts';
import {
  compose,
  openFolder,
  row,
  search,
  send,
  unlock,
  visitPost,
} from '../support/post-visit.ts';
import { RealOffice } from '../support/real-office.ts';

const STORY_MS = 180_000;

/** Mail against the real server, in sealed containers: what one person writes, the other reads. */
describe('mail in the real office', () => {
  let browser: Browser;
  let office: RealOffice;
  beforeAll(async () => {
    [browser, office] = await Promise.all([launch(), RealOffice.start()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
  });

  const address = (name: string) => `${name}@${new URL(office.origin).hostname}`;

  it(
    'two people exchange mail, go offline, write and search, and everything is sent once',
    async () => {
      const erika = await visitPost(browser, office, 'erika');
      const max = await visitPost(browser, office, 'max');
      try {
        await compose(
          erika.page,
          address('max'),
          'Haushalt 2027',
          'Anbei der Entwurf. Gruß, Erika',
        );
        await erika.page.locator('input[type=file]').setInputFiles({
          name: 'entwurf.txt',
          mimeType: 'text/plain',
          buffer: Buffer.from('Titel 1: Straßenlaternen'),
        });
        await send(erika.page);

        await row(max.page, 'Haushalt 2027').click();
        await max.page.getByText('Anbei der Entwurf. Gruß, Erika').first().waitFor();
        await max.page.getByRole('button', { name: /entwurf\.txt/ }).click();
        await max.page.getByText('Titel 1: Straßenlaternen').waitFor();
        await max.page.keyboard.press('Escape');
        await picture(max.page, 'post-gelesen');

        await max.context.setOffline(true);
        await max.page.getByRole('button', { name: 'Antworten', exact: true }).first().click();
        await max.page.getByLabel('Text der Nachricht').fill('Danke, ohne Verbindung gelesen.');
        await send(max.page);
        await compose(max.page, address('erika'), 'Zweite Frage', 'Was kostet eine Laterne?');
        await send(max.page);
        await max.page.getByText('2 Nachrichten werden gesendet').waitFor();
        await search(max.page, 'entwurf');
        await row(max.page, 'Haushalt 2027').waitFor();
        await search(max.page, '');

        await max.context.setOffline(false);
        await max.page.getByText('2 Nachrichten werden gesendet').waitFor({ state: 'hidden' });
        await row(erika.page, 'Zweite Frage').waitFor();
        await erika.page.getByText('Haushalt 2027').first().waitFor();
        await openFolder(max.page, 'Gesendet');
        await row(max.page, 'Zweite Frage').waitFor();
        expect(await row(max.page, 'Zweite Frage').count()).toBe(1);
        expect(await row(erika.page, 'Zweite Frage').count()).toBe(1);

        // What was typed this moment is kept before the container shuts.
        await compose(max.page, address('erika'), 'Angefangen', 'noch nicht fertig');
        await max.page.getByRole('button', { name: 'Sperren' }).click();
        await max.page.getByLabel('Passphrase', { exact: true }).fill('nicht die richtige');
        await max.page.keyboard.press('Enter');
        await max.page.getByText('Diese Passphrase stimmt nicht.').first().waitFor();
        await unlock(max.page);
        await openFolder(max.page, 'Entwürfe');
        await row(max.page, 'Angefangen').waitFor();

        // The second visit, by a link from the neighbouring origin, through the service worker.
        await max.page.goto(office.origin);
        await max.page.getByRole('link', { name: 'Post', exact: true }).click();
        await unlock(max.page);
        await row(max.page, 'Haushalt 2027').first().waitFor();

        // Who is signed out elsewhere has nothing open any more.
        const main = await max.context.newPage();
        await main.goto(office.origin);
        await main.getByRole('button', { name: /Max Beispiel/ }).click();
        await main.getByRole('menuitem', { name: 'Abmelden' }).click();
        await max.page.getByRole('link', { name: 'Anmelden' }).waitFor({ timeout: 5_000 });
        expect([...erika.faults, ...max.faults]).toEqual([]);
      } finally {
        await erika.context.close();
        await max.context.close();
      }
    },
    STORY_MS,
  );
});
