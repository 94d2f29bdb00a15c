import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { accessibilityFaults, overflowsSideways } from '../support/axe.ts';
import { launch, picture, type Visit, visit } from '../support/browser.ts';
import { FakePost } from '../support/fake-post.ts';

const PASSPHRASE = 'vier Krähen zählen Schnee';

let browser: Browser;
let post: FakePost;
let visited: Visit;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());
beforeEach(async () => {
  post = await FakePost.start();
  visited = await visit(browser, post.origin, { width: 360 });
});
afterEach(async () => {
  await visited.context.close();
  await post.stop();
});

it('a phone says that the security app is there, waits for a licence, and opens its mail', async () => {
  const { page, faults } = visited;
  post.terms = { version: 'v1', de: '', en: '', app: 'Wächter Mobil' };
  post.hasLicence = false;
  await page.goto('/');
  await page.getByRole('heading', { name: 'Sicherheits-App' }).waitFor();
  const agree = page.getByRole('button', { name: 'Weiter' });
  expect(await agree.isDisabled()).toBe(true);
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await overflowsSideways(page)).toBe(false);
  await picture(page, 'post-sicherheits-app');
  await page.getByLabel('„Wächter Mobil“ ist auf diesem Gerät installiert').check();
  await agree.click();

  await page.getByLabel('Neue Passphrase').fill(PASSPHRASE);
  await page.getByLabel('Passphrase wiederholen').fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await page.getByText('Für die Sicherheits-App ist keine Lizenz mehr frei').waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  post.hasLicence = true;
  await page.getByLabel('Passphrase wiederholen').press('Enter');
  await page.getByRole('button', { name: 'Neue Nachricht' }).waitFor();
  // The refusal itself stands in the browser's own log.
  expect(faults.filter((fault) => !fault.includes('409'))).toEqual([]);
});

it('a phone that the administration does not take is told so, and opens its mail once it is taken', async () => {
  const { page, faults } = visited;
  post.phonesRefused = true;
  await page.goto('/');
  await page.getByRole('heading', { name: 'Post gibt es hier nur auf PCs' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  expect(await overflowsSideways(page)).toBe(false);
  await picture(page, 'post-telefon-abgelehnt');
  post.phonesRefused = false;
  await page.getByRole('button', { name: 'Noch einmal versuchen' }).click();
  await page.getByLabel('Neue Passphrase').waitFor();
  expect(faults).toEqual([]);
});
