import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch } from '../support/browser.ts';
import { DOMAIN, MailServer } from '../support/mail-server.ts';
import { compose, openFolder, row, search, send, visitPost } from '../support/post-visit.ts';
import { ServedOffice } from '../support/served-office.ts';

const START_MS = 120_000;
const STORY_MS = 180_000;

/** The program that runs real peers; where they cannot be had, it is not set. */
const peers = process.env.FERNAMT_PEERS === 'required' ? process.env.FERNAMT_PEER : undefined;

/** People whose mailboxes lie on a real mail server, where other programs use them, too. */
describe.runIf(peers)('mail of a real mail server', () => {
  let browser: Browser;
  let server: MailServer;
  let office: ServedOffice;
  beforeAll(async () => {
    // Nobody of the demo has written to these two, so their accounts begin here.
    [browser, server] = await Promise.all([
      launch(),
      MailServer.start(peers ?? '', ['dora', 'karl']),
    ]);
    office = await ServedOffice.startFurnished([], server.section);
  }, START_MS);
  afterAll(async () => {
    await browser?.close();
    await office?.stop();
    await server?.stop();
  });

  const address = (name: string) => `${name}@${DOMAIN}`;
  /** Waits until another mail program finds a message. */
  const finds = (person: string, folder: string, subject: string, more = 'ALL') =>
    server.program(
      person,
      `until(lambda: found('${folder}', '${subject}', '${more}'), '${subject} in ${folder}')`,
    );
  /** How many messages of these subjects it finds. */
  const counts = async (person: string, folder: string, subjects: string[]) => {
    const all = subjects.map((subject) => `len(found('${folder}', '${subject}'))`);
    const printed = await server.program(person, `print(${all.join(', ')})`);
    return printed.split(' ').map(Number);
  };
  const setAbsence = async (page: Page, text: string) => {
    await page.getByRole('button', { name: 'Postfach einrichten' }).click();
    await page.getByRole('menuitem', { name: 'Abwesenheit' }).click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByRole('checkbox', { name: 'Eingehende Nachrichten beantworten' })
      .press('Space');
    await dialog.getByRole('textbox', { name: 'Antwort', exact: true }).fill(text);
    await dialog.getByRole('button', { name: 'Speichern' }).click();
    await page.getByText('Die Abwesenheitsnotiz ist eingeschaltet, ohne Ende.').waitFor();
  };

  it(
    'two people exchange mail, go offline, write and search; everything is sent once, and other programs see it',
    async () => {
      const dora = await visitPost(browser, office, 'dora');
      const karl = await visitPost(browser, office, 'karl');
      try {
        await compose(dora.page, address('karl'), 'Haushalt 2027', 'Anbei der Entwurf. Dora');
        await dora.page.locator('input[type=file]').setInputFiles({
          name: 'entwurf.txt',
          mimeType: 'text/plain',
          buffer: Buffer.from('Titel 1: Straßenlaternen'),
        });
        await send(dora.page);
        await row(karl.page, 'Haushalt 2027').click();
        await karl.page.getByText('Anbei der Entwurf. Dora').first().waitFor();
        await karl.page.getByRole('button', { name: /entwurf\.txt/ }).click();
        await karl.page.getByText('Titel 1: Straßenlaternen').waitFor();
        await karl.page.keyboard.press('Escape');
        await finds('karl', 'INBOX', 'Haushalt 2027', 'SEEN');
        await finds('dora', 'Sent', 'Haushalt 2027');

        // Another program puts a letter there, and it shows up in the page that is open.
        await server.program(
          'karl',
          "text = letter('bob@amt.test', 'karl@amt.test', 'Brief vom Schalter', 'Frau Krause wartet.')\n" +
            "q(m.append('INBOX', '', None, text.encode()))",
        );
        await row(karl.page, 'Brief vom Schalter').click();
        await karl.page.getByText('Frau Krause wartet.').first().waitFor();

        await karl.context.setOffline(true);
        await row(karl.page, 'Haushalt 2027').click();
        await karl.page.getByText('Anbei der Entwurf. Dora').first().waitFor();
        await karl.page.getByRole('button', { name: 'Antworten', exact: true }).first().click();
        await karl.page.getByLabel('Text der Nachricht').fill('Danke, ohne Verbindung gelesen.');
        await send(karl.page);
        await compose(karl.page, address('dora'), 'Zweite Frage', 'Was kostet eine Laterne?');
        await send(karl.page);
        await karl.page.getByText('2 Nachrichten werden gesendet').waitFor();
        await search(karl.page, 'krause');
        await row(karl.page, 'Brief vom Schalter').waitFor();
        await row(karl.page, 'Haushalt 2027').waitFor({ state: 'detached' });
        await search(karl.page, '');
        // Meanwhile another program takes a letter away and flags one.
        await server.program(
          'karl',
          "q(m.select('INBOX'))\n" +
            "uid = lambda subject: q(m.uid('SEARCH', 'SUBJECT', subject))[0].decode()\n" +
            "q(m.uid('STORE', uid('Haushalt'), '+FLAGS', '(\\\\Flagged)'))\n" +
            "q(m._simple_command('UID', 'MOVE', uid('Schalter'), 'Archive'))",
        );

        await karl.context.setOffline(false);
        await karl.page.getByText('2 Nachrichten werden gesendet').waitFor({ state: 'hidden' });
        await row(karl.page, 'Brief vom Schalter').waitFor({ state: 'detached' });
        await row(karl.page, 'Haushalt 2027').locator('.fa-mail__flagged').waitFor();
        await row(dora.page, 'Zweite Frage').waitFor();

        // Whoever is away is answered for by the mail server, as soon as it was told.
        await setAbsence(dora.page, 'Am Montag wieder da');
        await server.program(
          'dora',
          "until(lambda: glob.glob('/var/spool/sieve/**/defaultbc', recursive=True), 'a script that counts')\n" +
            "text = letter('cleo@elsewhere.test', 'dora@amt.test', 'Antrag aus der Stadt', 'Guten Tag')\n" +
            "send('cleo@elsewhere.test', 'dora@amt.test', text)\n" +
            "answers = lambda: [open(name).read() for name in glob.glob('/share/mail/new/*')]\n" +
            "until(answers, 'an answer')\n" +
            "assert len(answers()) == 1 and 'Am Montag wieder da' in answers()[0], answers()",
        );
        await row(dora.page, 'Antrag aus der Stadt').waitFor();

        const written = ['Re: Haushalt 2027', 'Zweite Frage'];
        for (const subject of written) {
          await finds('karl', 'Sent', subject);
          await finds('dora', 'INBOX', subject);
        }
        expect(await counts('karl', 'Sent', written)).toEqual([1, 1]);
        expect(await counts('karl', 'Drafts', written)).toEqual([0, 0]);
        expect(await counts('dora', 'INBOX', written)).toEqual([1, 1]);
        await openFolder(karl.page, 'Gesendet');
        await row(karl.page, 'Zweite Frage').waitFor();
        expect(await row(karl.page, 'Zweite Frage').count()).toBe(1);
        expect([...dora.faults, ...karl.faults]).toEqual([]);
      } finally {
        await dora.context.close();
        await karl.context.close();
      }
    },
    STORY_MS,
  );
});
