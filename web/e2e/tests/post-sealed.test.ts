import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { launchKept } from '../support/browser.ts';
import { profileBytes, wordsIn } from '../support/profile-scan.ts';
import { RealOffice } from '../support/real-office.ts';
import { passSignIn } from '../support/sign-in.ts';

const WAIT = { timeout: 30_000 };
const PASSPHRASE = 'Lindenflussgeheimnis-27';
const MESSAGES = process.env.FERNAMT_FULL ? 40 : 4;
const words = (of: string, count: number) =>
  Array.from({ length: count }, (_, at) => `Wolkenbruch${of}${at}x`);
/** 25 in each message: subject, text, the name and the content of what is attached. */
const SENT = words('gesandt', MESSAGES * 25);
const TYPED = words('getippt', 8);
const SEARCHED = words('gesucht', 2);

/** Mail is read, written and searched in a real profile, and nothing of it lies on the disk, during or afterwards. */
it('leaves no word of any mail in the profile', async () => {
  const office = await RealOffice.start();
  const folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
  const [writing, reading] = [join(folder, 'writing'), join(folder, 'reading')];
  const found = async (profile: string) =>
    wordsIn(await profileBytes(profile), [...SENT, ...TYPED, ...SEARCHED, PASSPHRASE]);
  try {
    const sender = await launchKept(writing);
    await plant(await atPost(sender, office, 'erika'), office);
    await sender.close();

    const context = await launchKept(reading);
    const page = await atPost(context, office, 'max');
    for (let at = 0; at < MESSAGES; at += 1) {
      const [subject, , last] = of(at);
      await page.locator('.fa-mail__row', { hasText: subject }).click();
      await page.getByText(last).first().waitFor();
      await page.getByRole('button', { name: new RegExp(of(at)[1]) }).click();
      await page.getByRole('dialog').getByText(of(at)[3]).waitFor();
      await page.keyboard.press('Escape');
    }
    const search = page.getByLabel('In der Post suchen');
    for (const word of SEARCHED) {
      await search.fill(word);
      await search.press('Enter');
    }
    await search.fill('');
    await search.press('Enter');
    await page.getByRole('button', { name: 'Neue Nachricht' }).click();
    await page.getByLabel('Betreff').fill(TYPED[0] ?? '');
    await page.getByLabel('Text der Nachricht').fill(TYPED.slice(1).join(' '));
    await page.getByText(/^Entwurf gespeichert/).waitFor();
    expect(await found(reading)).toEqual([]);
    await context.close();
    expect(await found(reading)).toEqual([]);
    expect(await found(writing)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await office.stop();
  }
}, 600_000);

/** Subject, name of what is attached, last word of the text, and what is attached. */
function of(message: number): [string, string, string, string] {
  const own = SENT.slice(message * 25, (message + 1) * 25);
  return [own[0] ?? '', own[1] ?? '', own[23] ?? '', own[24] ?? ''];
}

/** By the page's own session, so that it takes seconds and not minutes. */
async function plant(page: Page, office: RealOffice): Promise<void> {
  const to = `max@${new URL(office.origin).hostname}`;
  const letters = Array.from({ length: MESSAGES }, (_, at) => {
    const own = SENT.slice(at * 25, (at + 1) * 25);
    return {
      subject: own[0],
      file: `${own[1]}.txt`,
      text: own.slice(2, 24).join(' '),
      content: own[24],
    };
  });
  await page.evaluate(
    async ({ to, letters }) => {
      const session = await (await fetch('/jmap/session')).json();
      const accountId = session.primaryAccounts['urn:ietf:params:jmap:mail'];
      const ask = async (methodCalls: unknown[]) => {
        const using = ['core', 'mail', 'submission'].map((name) => `urn:ietf:params:jmap:${name}`);
        const body = JSON.stringify({ using, methodCalls });
        const headers = { 'content-type': 'application/json' };
        return (await fetch('/jmap/api', { method: 'POST', headers, body })).json();
      };
      const first = await ask([
        ['Mailbox/query', { accountId, filter: { role: 'drafts' } }, 'm'],
        ['Identity/get', { accountId }, 'i'],
      ]);
      const drafts = first.methodResponses[0][1].ids[0];
      const identity = first.methodResponses[1][1].list[0];
      for (const { subject, file, text, content } of letters) {
        const upload = await fetch(`/jmap/upload/${accountId}`, {
          method: 'POST',
          headers: { 'content-type': 'text/plain' },
          body: content ?? '',
        });
        const { blobId } = await upload.json();
        const email = {
          mailboxIds: { [drafts]: true },
          from: [{ email: identity.email }],
          to: [{ email: to }],
          subject,
          textBody: [{ partId: 't' }],
          bodyValues: { t: { value: text } },
          attachments: [{ blobId, name: file, type: 'text/plain' }],
        };
        const answer = await ask([
          ['Email/set', { accountId, create: { e: email } }, 'e'],
          [
            'EmailSubmission/set',
            {
              accountId,
              create: { s: { emailId: '#e', identityId: identity.id } },
              onSuccessDestroyEmail: ['#s'],
            },
            's',
          ],
        ]);
        if (!answer.methodResponses[1][1].created?.s) throw new Error(JSON.stringify(answer));
      }
    },
    { to, letters },
  );
}

async function atPost(context: BrowserContext, office: RealOffice, name: string): Promise<Page> {
  context.setDefaultTimeout(WAIT.timeout);
  const page = await context.newPage();
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(office.origin);
  await passSignIn(page, office.person(name));
  await page.locator('a[href^="//post."]').click();
  const fields = page.locator('input[type=password]');
  await fields.nth(0).fill(PASSPHRASE);
  await fields.nth(1).fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await page.locator('.fa-mail').waitFor();
  return page;
}
