import type { Page } from 'playwright-core';
import type { Dice } from './dice.ts';

/** What the page showed as done counts; what it was asked for last may have happened or not. */
export type Known = 'begun' | 'shown';
/** A message that was there before; null: one of both. */
export type Filed = { flagged: boolean | null; archived: boolean | null };

const PAUSE_MS = 20;

/** Somebody who flags, files, writes and sends without a pause, and keeps account of what the page showed as done. */
export class MailClerk {
  readonly sent = new Map<string, Known>();
  readonly drafts = new Map<string, Known>();
  readonly filed = new Map<string, Filed>();
  #page: Page | undefined;
  #here: string[] = [];
  #undo: string | undefined;
  #number = 0;

  constructor(
    private readonly dice: Dice,
    private readonly to: string,
  ) {}

  /** Works on these messages of the inbox until the page is gone; tells each act that was shown as done. */
  async work(page: Page, subjects: readonly string[], done: () => void): Promise<void> {
    this.#page = page;
    this.#here = [...subjects];
    this.#undo = undefined;
    for (;;) {
      await this.#act();
      done();
    }
  }

  async #act(): Promise<void> {
    const roll = this.dice.below(10);
    if (this.#undo !== undefined && roll < 4) return this.#takeBack(this.#undo);
    this.#undo = undefined;
    if (roll < 3) return this.#send();
    if (roll < 5) return this.#draft();
    if (this.#here.length === 0) return this.#send();
    const subject = this.dice.oneOf(this.#here);
    return roll < 8 ? this.#flag(subject) : this.#archive(subject);
  }

  async #flag(subject: string): Promise<void> {
    const filed = this.#of(subject);
    const flagged = !(filed.flagged ?? false);
    filed.flagged = null;
    await this.#press(subject, 'm');
    const mark = this.#row(subject).locator('.fa-mail__flagged');
    await mark.waitFor({ state: flagged ? 'visible' : 'detached' });
    filed.flagged = flagged;
  }

  async #archive(subject: string): Promise<void> {
    const filed = this.#of(subject);
    filed.archived = null;
    await this.#press(subject, 'e');
    await this.#row(subject).waitFor({ state: 'detached' });
    filed.archived = true;
    this.#here = this.#here.filter((one) => one !== subject);
    await this.#there.getByRole('button', { name: 'Rückgängig' }).waitFor();
    this.#undo = subject;
  }

  async #takeBack(subject: string): Promise<void> {
    const filed = this.#of(subject);
    this.#undo = undefined;
    filed.archived = null;
    await this.#there.getByRole('button', { name: 'Rückgängig' }).click();
    await this.#row(subject).waitFor();
    filed.archived = false;
    this.#here.push(subject);
  }

  async #draft(): Promise<void> {
    const subject = this.#name('Zettel');
    this.drafts.set(subject, 'begun');
    await this.#write(subject);
    await this.#there.getByText(/^Entwurf gespeichert/).waitFor();
    this.drafts.set(subject, 'shown');
    await this.#there.getByRole('button', { name: 'Schließen, Entwurf behalten' }).click();
    await this.#there.locator('#mail-subject').waitFor({ state: 'detached' });
  }

  async #send(): Promise<void> {
    const subject = this.#name('Brief');
    this.sent.set(subject, 'begun');
    await this.#write(subject);
    await this.#there.getByRole('button', { name: 'Senden', exact: true }).click();
    await this.#there.locator('#mail-subject').waitFor({ state: 'detached' });
    this.sent.set(subject, 'shown');
  }

  async #write(subject: string): Promise<void> {
    const page = this.#there;
    await page.getByRole('button', { name: 'Neue Nachricht' }).click();
    await page.getByLabel('An', { exact: true }).fill(this.to);
    await page.keyboard.press('Enter');
    await page.getByLabel('Betreff').fill(subject);
    await page.getByLabel('Text der Nachricht').fill(`Text von ${subject}`);
  }

  async #press(subject: string, key: string): Promise<void> {
    const row = this.#row(subject);
    await row.focus();
    await row.press(key, { delay: PAUSE_MS });
  }

  /** All of the same length, so that none is found in another. */
  #name(kind: string): string {
    this.#number += 1;
    return `${kind}-${String(this.#number).padStart(5, '0')}`;
  }

  #of(subject: string): Filed {
    const filed = this.filed.get(subject) ?? { flagged: false, archived: false };
    this.filed.set(subject, filed);
    return filed;
  }

  #row(subject: string) {
    return this.#there.locator('.fa-mail__row', { hasText: subject });
  }

  get #there(): Page {
    if (!this.#page) throw new Error('nobody works yet');
    return this.#page;
  }
}
