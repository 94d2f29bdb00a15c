import type { EmailHead, Mailbox, ThreadHead } from '../model.ts';

/** An empty folder. */
export function box(id: string, role: Mailbox['role'], sortOrder: number, name = id): Mailbox {
  return { id, name, role, sortOrder, parentId: null, totalEmails: 0, unreadEmails: 0 };
}

/** What the list shows of these messages. */
export function threadOf(id: string, heads: EmailHead[]): ThreadHead {
  const [first, ...rest] = heads;
  if (!first) throw new Error('a thread has messages');
  const newest = rest.reduce(
    (one, two) => (two.receivedAtMs > one.receivedAtMs ? two : one),
    first,
  );
  return {
    id,
    newest: { ...newest },
    emailCount: heads.length,
    unreadCount: heads.filter(({ seen }) => !seen).length,
    flagged: heads.some(({ flagged }) => flagged),
  };
}
