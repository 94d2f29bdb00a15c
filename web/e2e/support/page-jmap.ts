import type { Page } from 'playwright-core';

export type JmapCall = [string, Record<string, unknown>];
type Told = Record<string, unknown>;

/** JMAP calls by the session of a page of the origin of mail; the answers' arguments, in the order of the calls. */
export function jmapBy(page: Page, calls: JmapCall[]): Promise<Told[]> {
  return page.evaluate(async (calls) => {
    const session = await (await fetch('/jmap/session')).json();
    const accountId = session.primaryAccounts['urn:ietf:params:jmap:mail'];
    const using = ['core', 'mail', 'submission'].map((name) => `urn:ietf:params:jmap:${name}`);
    const methodCalls = calls.map(([name, given], at) => [name, { accountId, ...given }, `${at}`]);
    const answer = await fetch('/jmap/api', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ using, methodCalls }),
    });
    const { methodResponses } = await answer.json();
    return methodResponses.map(([name, told]: [string, Told]) => {
      if (name === 'error') throw new Error(JSON.stringify(told));
      return told;
    });
  }, calls);
}

export type Found = {
  id: string;
  subject: string;
  messageId: string[] | null;
  keywords: Record<string, boolean>;
  mailboxIds: Record<string, boolean>;
};

const PAGE = 200;

/** All messages of a folder, or of the whole account. */
export async function allEmails(page: Page, mailbox: string | null = null): Promise<Found[]> {
  const found: Found[] = [];
  for (;;) {
    const [{ ids } = {}] = await jmapBy(page, [
      [
        'Email/query',
        {
          ...(mailbox && { filter: { inMailbox: mailbox } }),
          sort: [{ property: 'receivedAt' }],
          position: found.length,
          limit: PAGE,
        },
      ],
    ]);
    const properties = ['id', 'subject', 'messageId', 'keywords', 'mailboxIds'];
    const [{ list } = {}] = await jmapBy(page, [['Email/get', { ids, properties }]]);
    found.push(...(list as Found[]));
    if ((ids as string[]).length < PAGE) return found;
  }
}

/** The ids of an account's folders by their roles. */
export async function folderIds(page: Page): Promise<Record<string, string>> {
  const [{ list } = {}] = await jmapBy(page, [['Mailbox/get', { ids: null }]]);
  const folders = list as { id: string; role: string | null }[];
  return Object.fromEntries(folders.map(({ id, role }) => [role ?? id, id]));
}
