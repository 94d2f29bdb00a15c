import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { launch, visit } from '../support/browser.ts';
import { Dice } from '../support/dice.ts';
import { KilledBrowser } from '../support/killed-browser.ts';
import { type Known, MailClerk } from '../support/mail-clerk.ts';
import { allEmails, type Found, folderIds, jmapBy } from '../support/page-jmap.ts';
import { RealOffice } from '../support/real-office.ts';
import { passSignIn } from '../support/sign-in.ts';

const KILLS = Number(process.env.FERNAMT_KILLS ?? (process.env.FERNAMT_FULL ? 200 : 10));
/** On a slow machine an ordinary run gets no further than this. */
const BUDGET_MS = process.env.FERNAMT_FULL ? Number.POSITIVE_INFINITY : 90_000;
const LIMIT_MS = 60 * 60_000;
const PATIENCE_MS = 60_000;
const PASSPHRASE = 'Wiese-Brunnen-41-Kiel';
/** Messages that are put into the inbox for each start. */
const NEW_FILES = 4;

/** Somebody works in a real profile whose browser is killed again and again. */
it(
  'loses nothing that it showed as done, and sends nothing twice, however often the browser is killed',
  async () => {
    const dice = new Dice(Number(process.env.FERNAMT_SEED ?? randomInt(1, 2 ** 31)));
    console.log(`The browser is killed with FERNAMT_SEED=${dice.seed}`);
    const folder = await mkdtemp(join(tmpdir(), 'fernamt-e2e-'));
    const [office, receiving] = await Promise.all([RealOffice.start(), launch()]);
    const clerk = new MailClerk(dice, `max@${new URL(office.origin).hostname}`);
    try {
      const receiver = await atPost(receiving, office, 'max');
      const start = () => KilledBrowser.start(join(folder, 'profile'), PATIENCE_MS);
      let browser = await start();
      await makeContainer(browser.page, office);
      // Killed before the cookies are on the disk, it would only be signed out.
      await browser.close();

      const figures = { kills: 0, early: 0, offline: 0, acts: 0 };
      const end = Date.now() + BUDGET_MS;
      while (figures.kills < KILLS && Date.now() < end) {
        browser = await start();
        const { page } = browser;
        await page.goto(office.origin.replace('://', '://post.'));
        const subjects = await putFiles(page, figures.kills);
        for (const subject of subjects)
          clerk.filed.set(subject, { flagged: false, archived: false });
        if (dice.below(4) === 0) {
          // While it opens, and brings to the server what was left over.
          await typePassphrase(page);
          await page.waitForTimeout(dice.below(4_000));
          figures.early += 1;
        } else {
          await unlock(page);
          await expectShown(page, clerk, subjects);
          const isOffline = dice.below(2) === 0;
          if (isOffline) await browser.context.setOffline(true);
          figures.offline += isOffline ? 1 : 0;
          figures.acts += await workUntilKilled(browser, clerk, subjects, dice);
        }
        await browser.kill();
        figures.kills += 1;
      }

      browser = await start();
      await browser.page.goto(office.origin.replace('://', '://post.'));
      await unlock(browser.page);
      await settled(browser.page);
      await expectKept(browser.page, clerk);
      await expectSentOnce(browser.page, receiver, clerk);
      console.log({ ...figures, ...counted(clerk) });
      await browser.close();
    } finally {
      await receiving.close();
      await office.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
  LIMIT_MS,
);

/** Lets the clerk work for some acts and a moment, and ends in the midst of the next. */
async function workUntilKilled(
  browser: KilledBrowser,
  clerk: MailClerk,
  subjects: string[],
  dice: Dice,
): Promise<number> {
  const wanted = dice.below(6);
  const momentMs = dice.below(700);
  let acts = 0;
  await new Promise<void>((resolve, reject) => {
    let moment: NodeJS.Timeout | undefined;
    const count = () => {
      if (acts >= wanted) moment ??= setTimeout(resolve, momentMs);
      acts += 1;
    };
    count();
    // It goes on until the page is gone; that an act fails before is a fault.
    clerk.work(browser.page, subjects, count).catch((error: unknown) => {
      clearTimeout(moment);
      reject(error);
    });
    browser.context.once('close', () => resolve());
  });
  return acts - 1;
}

async function atPost(browser: Browser, office: RealOffice, name: string): Promise<Page> {
  const { context, page } = await visit(browser, office.origin);
  context.setDefaultTimeout(PATIENCE_MS);
  await page.goto('/anmelden');
  await passSignIn(page, office.person(name));
  await page.getByRole('link', { name: 'Post', exact: true }).click();
  await page.getByLabel('Neue Passphrase').waitFor();
  return page;
}

async function makeContainer(page: Page, office: RealOffice): Promise<void> {
  await page.goto(`${office.origin}/anmelden`);
  await passSignIn(page, office.person('erika'));
  await page.getByRole('link', { name: 'Post', exact: true }).click();
  await page.getByLabel('Neue Passphrase').fill(PASSPHRASE);
  await page.getByLabel('Passphrase wiederholen').fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  // The demo has written to everybody.
  await page.locator('.fa-mail__row').first().waitFor();
}

async function typePassphrase(page: Page): Promise<void> {
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.keyboard.press('Enter');
}

async function unlock(page: Page): Promise<void> {
  await typePassphrase(page);
  await page.getByRole('button', { name: 'Neue Nachricht' }).waitFor();
}

async function putFiles(page: Page, round: number): Promise<string[]> {
  const { inbox } = await folderIds(page);
  const subjects = Array.from(
    { length: NEW_FILES },
    (_, at) => `Akte-${String(round * NEW_FILES + at).padStart(5, '0')}`,
  );
  const create = Object.fromEntries(
    subjects.map((subject) => [subject, { mailboxIds: { [inbox ?? '']: true }, subject }]),
  );
  const [{ created } = {}] = await jmapBy(page, [['Email/set', { create }]]);
  expect(Object.keys(created as object)).toHaveLength(NEW_FILES);
  return subjects;
}

/** Waits until the page shows the new messages; of what it showed as done before, it shows nothing otherwise. */
async function expectShown(page: Page, clerk: MailClerk, subjects: string[]): Promise<void> {
  for (const subject of subjects) {
    await page.locator('.fa-mail__row', { hasText: subject }).waitFor();
  }
  const rows = await page.locator('.fa-mail__row').evaluateAll((rows) =>
    rows.map((row) => ({
      text: row.textContent ?? '',
      flagged: row.querySelector('.fa-mail__flagged') !== null,
    })),
  );
  const wrong = [...clerk.filed].slice(-8 * NEW_FILES).filter(([subject, filed]) => {
    const row = rows.find(({ text }) => text.includes(subject));
    const otherFolder = filed.archived !== null && filed.archived !== (row === undefined);
    return otherFolder || (row && filed.flagged !== null && filed.flagged !== row.flagged);
  });
  expect(wrong).toEqual([]);
}

/** Waits until nothing is on its way any more, neither here nor on the server. */
async function settled(page: Page): Promise<void> {
  await page.locator('.fa-mail__outbox').waitFor({ state: 'detached' });
  await page.getByText('Senden zurücknehmen').first().waitFor({ state: 'detached' });
  expect(await page.getByText(/^Wurde „.*“ gesendet\?$/).count()).toBe(0);
  const pending = async () => {
    const [{ ids } = {}] = await jmapBy(page, [
      ['EmailSubmission/query', { filter: { undoStatus: 'pending' } }],
    ]);
    return (ids as string[]).length;
  };
  await expect.poll(pending, { timeout: PATIENCE_MS }).toBe(0);
}

/** Of what the page showed as done, the server has all. */
async function expectKept(page: Page, clerk: MailClerk): Promise<void> {
  const folders = await folderIds(page);
  const wrongFiles = async () => {
    const bySubject = new Map((await allEmails(page)).map((one) => [one.subject, one]));
    return [...clerk.filed].filter(([subject, { flagged, archived }]) => {
      const found = bySubject.get(subject);
      const isFlagged = found?.keywords['$flagged'] === true;
      const isArchived = found?.mailboxIds[folders['archive'] ?? ''] === true;
      const otherwise = (known: boolean | null, is: boolean) => known !== null && known !== is;
      return !found || otherwise(flagged, isFlagged) || otherwise(archived, isArchived);
    });
  };
  await expect.poll(wrongFiles, { timeout: PATIENCE_MS }).toEqual([]);
  const drafts = await allEmails(page, folders['drafts'] ?? '');
  expect(unlike(drafts, clerk.drafts)).toEqual([]);
  // What was sent lies among the drafts no more.
  const shownAsSent = drafts.filter(({ subject }) => clerk.sent.get(subject) === 'shown');
  expect(shownAsSent).toEqual([]);
}

/** What the page showed as sent arrived once; what it was still busy with, once or not at all. */
async function expectSentOnce(page: Page, receiver: Page, clerk: MailClerk): Promise<void> {
  const [own, others] = [await folderIds(page), await folderIds(receiver)];
  const arrived = () => allEmails(receiver, others['inbox'] ?? '');
  await expect
    .poll(async () => unlike(await arrived(), clerk.sent), { timeout: PATIENCE_MS })
    .toEqual([]);
  const ids = (await arrived()).flatMap(({ messageId }) => messageId ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  expect(unlike(await allEmails(page, own['sent'] ?? ''), clerk.sent)).toEqual([]);
}

/** What is there other than once, or not at all although it was shown as done. */
function unlike(found: readonly Found[], wanted: ReadonlyMap<string, Known>) {
  return [...wanted].flatMap(([subject, known]) => {
    const times = found.filter((one) => one.subject === subject).length;
    return times === 1 || (times === 0 && known === 'begun') ? [] : [{ subject, known, times }];
  });
}

function counted({ sent, drafts, filed }: MailClerk) {
  const shown = (all: ReadonlyMap<string, Known>) =>
    [...all.values()].filter((known) => known === 'shown').length;
  const isSure = ({ flagged, archived }: { flagged: boolean | null; archived: boolean | null }) =>
    flagged !== null && archived !== null;
  return {
    sent: `${shown(sent)} of ${sent.size} shown as done`,
    drafts: `${shown(drafts)} of ${drafts.size} shown as done`,
    files: `${[...filed.values()].filter(isSure).length} of ${filed.size} known for certain`,
  };
}
