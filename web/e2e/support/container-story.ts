import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Tab } from './drivers/tab.ts';
import type { OtherBrowser } from './drivers/wire.ts';
import { freshCode } from './sign-in.ts';
import type { TlsOffice } from './tls-office.ts';

type Place = { browser: OtherBrowser; office: TlsOffice; name: string; folder: string };

/** What is planted while somebody works; none of it may lie on the disk. */
export type Planted = {
  passphrase: string;
  subject: string;
  text: string;
  file: string;
  content: string;
  draft: string;
  searched: string;
};

export const PLANTED: Planted = {
  passphrase: 'Lindenflussgeheimnis-27',
  subject: 'Quarzbachwiese41x',
  text: 'Hollerstrauchweg52x',
  file: 'Vogelkirschgarten63x',
  content: 'Zwergkiefernhang74x',
  draft: 'Moorbirkenpfad85x',
  searched: 'Jagdschneisenrand96x',
};

const SEARCH = { field: 'In der Post suchen' };
const NEW = { button: 'Neue Nachricht' };
/** The page tries again by itself. */
const LINE_BACK_MS = 60_000;
const PASSPHRASE = { field: 'Passphrase' };

/** One person's work with a container, in whatever browser: one act after another. */
export class ContainerStory {
  private constructor(
    private readonly place: Place,
    readonly tab: Tab,
  ) {}

  /** Signs in on the main site, goes over to the mail and makes the container of this browser. */
  static async begin(place: Place): Promise<ContainerStory> {
    const story = new ContainerStory(place, new Tab(await place.browser.newTab()));
    const { tab } = story;
    const person = place.office.person(place.name);
    await tab.goto(`${place.office.origin}/anmelden`);
    await tab.fill({ css: 'input[name=name]' }, person.name);
    await tab.fill({ css: 'input[name=password]' }, person.password);
    await tab.press('Enter');
    await tab.fill({ css: 'input[name=code]' }, await freshCode(person.totp_secret));
    await tab.press('Enter');
    await tab.click({ link: 'Post' });
    await tab.fill({ field: 'Neue Passphrase' }, PLANTED.passphrase);
    await tab.fill({ field: 'Passphrase wiederholen' }, PLANTED.passphrase);
    await tab.press('Enter');
    await tab.see(NEW);
    return story;
  }

  get address(): string {
    return `${this.place.name}@${new URL(this.place.office.origin).hostname}`;
  }

  /** Sends a message with an attachment to oneself. */
  async send(): Promise<void> {
    const { tab, place } = this;
    const path = join(place.folder, `${PLANTED.file}.txt`);
    await writeFile(path, `Größe der Fläche: ${PLANTED.content}`);
    await this.write(PLANTED.subject, PLANTED.text);
    await tab.attach(path);
    await tab.see({ css: '.fa-mail__file', text: PLANTED.file });
    await tab.click({ button: 'Senden' });
    await tab.see({ text: 'Senden zurücknehmen' });
  }

  async write(subject: string, text: string): Promise<void> {
    const { tab } = this;
    await tab.click(NEW);
    await tab.fill({ field: 'An' }, this.address);
    await tab.press('Enter');
    await tab.fill({ css: '#mail-subject' }, subject);
    await tab.fill({ field: 'Text der Nachricht' }, text);
  }

  /** Reads what was sent, and what is attached to it. */
  async read(): Promise<void> {
    const { tab } = this;
    await tab.click({ css: '.fa-mail__row', text: PLANTED.subject });
    await tab.see({ text: PLANTED.text });
    await tab.click({ button: { starts: PLANTED.file } });
    await tab.see({ text: `Größe der Fläche: ${PLANTED.content}` });
    await tab.press('Escape');
    await tab.gone({ css: '[role=dialog]' });
  }

  /** Finds the message that was read by a word of its text, and nothing by another word. */
  async search(): Promise<void> {
    const { tab } = this;
    await tab.fill(SEARCH, PLANTED.searched);
    await tab.see({ text: 'Nichts gefunden' });
    await tab.fill(SEARCH, PLANTED.text);
    await tab.see({ css: '.fa-mail__row', text: PLANTED.subject });
    await tab.fill(SEARCH, '');
    await tab.see({ css: 'h2', text: 'Posteingang' });
  }

  /** Without a server: what is here is read and found, and what is written goes out once it is back. */
  async workWithoutServer(): Promise<void> {
    const { tab, place } = this;
    await place.office.kill();
    await this.write(PLANTED.draft, 'Ohne Verbindung geschrieben');
    await tab.click({ button: 'Senden' });
    await tab.see({ text: 'sobald eine Verbindung besteht' });
    await tab.see({ text: 'Keine Verbindung.' });
    await this.search();
    await place.office.startAgain();
    await tab.see({ css: '.fa-mail__row', text: PLANTED.draft }, LINE_BACK_MS);
    await tab.click({ css: '.fa-mail__folder', text: 'Gesendet' });
    await tab.see({ css: '.fa-mail__row', text: PLANTED.draft });
    expect(await tab.count({ css: '.fa-mail__row', text: PLANTED.draft })).toBe(1);
  }

  /** A page without a server comes from the service worker, and asks for the passphrase once there is one. */
  async visitWithoutServer(): Promise<void> {
    const { tab, place } = this;
    await place.office.kill();
    await tab.reload();
    await tab.see({ text: 'Keine Verbindung' });
    await place.office.startAgain();
    await tab.see(PASSPHRASE, LINE_BACK_MS);
  }

  async lock(): Promise<void> {
    await this.tab.click({ button: 'Sperren' });
    await this.tab.see(PASSPHRASE);
  }

  async failToUnlock(): Promise<void> {
    await this.tab.fill(PASSPHRASE, 'nicht die richtige');
    await this.tab.press('Enter');
    await this.tab.see({ text: 'Diese Passphrase stimmt nicht.' });
  }

  async unlock(tab = this.tab): Promise<void> {
    await tab.fill(PASSPHRASE, PLANTED.passphrase);
    await tab.press('Enter');
    await tab.see(NEW);
  }

  /** Opens the mail in one more tab too; where one is locked, both are. */
  async lockFromOtherTab(): Promise<void> {
    const other = new Tab(await this.place.browser.newTab());
    await other.front();
    await other.goto(this.place.office.origin.replace('://', '://post.'));
    await this.unlock(other);
    await this.tab.front();
    await this.lock();
    await other.front();
    await other.see(PASSPHRASE);
    await this.tab.front();
  }
}
