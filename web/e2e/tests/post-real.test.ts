import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, picture, visit } from '../support/browser.ts';
import { RealOffice } from '../support/real-office.ts';
import { signIn } from '../support/sign-in.ts';

const STORY_MS = 180_000;
const WAIT = { timeout: 30_000 };
const PASSPHRASE = 'Wiese-Brunnen-41-Kiel';

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

  /** Signs in on the main site, goes over to the mail and makes the container of this browser. */
  const atPost = async (name: string) => {
    const visited = await visit(browser, office.origin);
    const { context, page } = visited;
    context.setDefaultTimeout(WAIT.timeout);
    await signIn(page, office.person(name));
    await page.getByRole('link', { name: 'Post', exact: true }).click();
    await page.getByLabel('Neue Passphrase').fill(PASSPHRASE);
    await page.getByLabel('Passphrase wiederholen').fill(PASSPHRASE);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Neue Nachricht' }).waitFor();
    return visited;
  };
  const unlock = async (page: Page) => {
    await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Neue Nachricht' }).waitFor();
  };
  const folder = (page: Page, name: string) =>
    page.getByRole('navigation', { name: 'Ordner' }).getByText(name, { exact: true }).click();
  const row = (page: Page, subject: string) => page.locator('.fa-mail__row', { hasText: subject });
  const address = (name: string) => `${name}@${new URL(office.origin).hostname}`;
  const compose = async (page: Page, to: string, subject: string, text: string) => {
    await page.getByRole('button', { name: 'Neue Nachricht' }).click();
    await page.getByLabel('An', { exact: true }).fill(address(to));
    await page.keyboard.press('Enter');
    await page.getByLabel('Betreff').fill(subject);
    await page.getByLabel('Text der Nachricht').fill(text);
  };
  const send = async (page: Page) => {
    await page.getByRole('button', { name: 'Senden', exact: true }).click();
  };

  it(
    'two people exchange mail, go offline, write and search, and everything is sent once',
    async () => {
      const [erika, max] = [await atPost('erika'), await atPost('max')];
      try {
        await compose(erika.page, 'max', 'Haushalt 2027', 'Anbei der Entwurf. Gruß, Erika');
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
        await compose(max.page, 'erika', 'Zweite Frage', 'Was kostet eine Laterne?');
        await send(max.page);
        await max.page.getByText('2 Nachrichten werden gesendet').waitFor();
        const search = max.page.getByLabel('In der Post suchen');
        await search.fill('entwurf');
        await search.press('Enter');
        await row(max.page, 'Haushalt 2027').waitFor();
        await search.fill('');
        await search.press('Enter');

        await max.context.setOffline(false);
        await max.page.getByText('2 Nachrichten werden gesendet').waitFor({ state: 'hidden' });
        await row(erika.page, 'Zweite Frage').waitFor();
        await erika.page.getByText('Haushalt 2027').first().waitFor();
        await folder(max.page, 'Gesendet');
        await row(max.page, 'Zweite Frage').waitFor();
        expect(await row(max.page, 'Zweite Frage').count()).toBe(1);
        expect(await row(erika.page, 'Zweite Frage').count()).toBe(1);

        // What was typed this moment is kept before the container shuts.
        await compose(max.page, 'erika', 'Angefangen', 'noch nicht fertig');
        await max.page.getByRole('button', { name: 'Sperren' }).click();
        await max.page.getByLabel('Passphrase', { exact: true }).fill('nicht die richtige');
        await max.page.keyboard.press('Enter');
        await max.page.getByText('Diese Passphrase stimmt nicht.').first().waitFor();
        await unlock(max.page);
        await folder(max.page, 'Entwürfe');
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
