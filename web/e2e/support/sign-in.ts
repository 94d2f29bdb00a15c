import type { Page } from 'playwright-core';
import type { Person } from './real-office.ts';
import { nextStep, STEP_MS, totp } from './totp.ts';

/** The last step of each secret whose code was used here: the server takes each only once, and none before it. */
const used = new Map<string, number>();

/** A code that is still good: the server takes those of one step before and after the present one. */
export async function freshCode(secret: string): Promise<string> {
  const present = () => Math.floor(Date.now() / STEP_MS);
  const last = used.get(secret) ?? 0;
  const step = Math.max(present(), last + 1);
  while (step > present() + 1) await nextStep();
  used.set(secret, step);
  return totp(secret, step * STEP_MS);
}

/** Types name and password on the sign-in page that is open. */
export async function typeCredentials(page: Page, person: Pick<Person, 'name' | 'password'>) {
  await page.locator('input[name=name]').fill(person.name);
  await page.locator('input[name=password]').fill(person.password);
  await page.keyboard.press('Enter');
  await page.locator('input[name=code]').waitFor();
}

/** Goes through the sign-in page that is open. What comes next depends on the story. */
export async function passSignIn(page: Page, person: Person): Promise<void> {
  await typeCredentials(page, person);
  await page.locator('input[name=code]').fill(await freshCode(person.totp_secret));
  await page.keyboard.press('Enter');
}

/** Signs somebody in, up to the start page. */
export async function signIn(page: Page, person: Person): Promise<void> {
  await page.goto('/anmelden');
  await passSignIn(page, person);
  await page.locator('.fa-shell').waitFor({ timeout: 30_000 });
}
