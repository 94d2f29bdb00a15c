import type { Browser, Page } from 'playwright-core';
import { type Visit, visit } from './browser.ts';
import type { Person } from './real-office.ts';
import { signIn } from './sign-in.ts';

const WAIT_MS = 30_000;
export const PASSPHRASE = 'Wiese-Brunnen-41-Kiel';

type Office = { origin: string; person: (name: string) => Person };

/** Signs in on the main site, goes over to the mail and makes the container of this browser. */
export async function visitPost(browser: Browser, office: Office, name: string): Promise<Visit> {
  const visited = await visit(browser, office.origin);
  const { context, page } = visited;
  context.setDefaultTimeout(WAIT_MS);
  await signIn(page, office.person(name));
  await page.getByRole('link', { name: 'Post', exact: true }).click();
  await page.getByLabel('Neue Passphrase').fill(PASSPHRASE);
  await page.getByLabel('Passphrase wiederholen').fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Neue Nachricht' }).waitFor();
  return visited;
}

export async function unlock(page: Page): Promise<void> {
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Neue Nachricht' }).waitFor();
}

export const openFolder = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Ordner' }).getByText(name, { exact: true }).click();

export const row = (page: Page, subject: string) =>
  page.locator('.fa-mail__row', { hasText: subject });

/** Begins a message to an address. */
export async function compose(page: Page, to: string, subject: string, text: string) {
  await page.getByRole('button', { name: 'Neue Nachricht' }).click();
  await page.getByLabel('An', { exact: true }).fill(to);
  await page.keyboard.press('Enter');
  await page.getByLabel('Betreff').fill(subject);
  await page.getByLabel('Text der Nachricht').fill(text);
}

export const send = (page: Page) =>
  page.getByRole('button', { name: 'Senden', exact: true }).click();

/** Searches the whole mailbox; nothing shows the folder again. */
export async function search(page: Page, words: string): Promise<void> {
  const field = page.getByLabel('In der Post suchen');
  await field.fill(words);
  await field.press('Enter');
}
