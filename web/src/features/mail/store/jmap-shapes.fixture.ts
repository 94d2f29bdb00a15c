import type { FakeAccount } from './jmap-account.fixture.ts';
import type { Obj } from './obj.ts';

/** Method errors and limits are those of crates/mail. */
export class Refusal extends Error {
  readonly type: string;

  constructor(type: string, description = '') {
    super(description);
    this.type = type;
  }
}

export type FakeEmail = {
  id: string;
  threadId: string;
  mailboxIds: Set<string>;
  keywords: Set<string>;
  subject: string;
  text: string;
  html: string | null;
  from: Obj[];
  to: Obj[];
  cc: Obj[];
  bcc: Obj[];
  sender: Obj[];
  messageId: string;
  references: string[];
  attachments: Obj[];
  atMs: number;
  createdIn: number;
  changedIn: number;
};

export type FakeSubmission = {
  id: string;
  emailId: string;
  messageId: string;
  subject: string;
  undoStatus: 'pending' | 'final' | 'canceled';
  sendAtMs: number;
  rcptTo: string[];
  createdIn: number;
  changedIn: number;
};

export type FakeMailbox = {
  id: string;
  name: string;
  parentId?: string | null;
  role: string | null;
  sortOrder: number;
  createdIn: number;
  changedIn: number;
};

/** The arguments that each method knows. */
export const ARGUMENTS: Record<string, string[]> = {
  'Mailbox/get': ['ids', 'properties'],
  'Mailbox/changes': ['sinceState', 'maxChanges'],
  'Mailbox/set': ['ifInState', 'create', 'update', 'destroy', 'onDestroyRemoveEmails'],
  'Thread/get': ['ids', 'properties'],
  'Identity/get': ['ids', 'properties'],
  'Email/get': [
    'ids',
    'properties',
    'bodyProperties',
    'fetchTextBodyValues',
    'fetchHTMLBodyValues',
    'fetchAllBodyValues',
    'maxBodyValueBytes',
  ],
  'Email/query': ['filter', 'sort', 'collapseThreads', 'position', 'limit', 'calculateTotal'],
  'Email/changes': ['sinceState', 'maxChanges'],
  'Email/set': ['ifInState', 'create', 'update', 'destroy'],
  'ThreadWork/get': ['ids', 'properties'],
  'ThreadWork/changes': ['sinceState', 'maxChanges'],
  'ThreadWork/set': ['ifInState', 'update'],
  'Principal/get': ['ids', 'properties'],
  'Principal/query': ['filter', 'limit'],
  'EmailSubmission/get': ['ids', 'properties'],
  'EmailSubmission/changes': ['sinceState', 'maxChanges'],
  'EmailSubmission/set': [
    'ifInState',
    'create',
    'update',
    'destroy',
    'onSuccessUpdateEmail',
    'onSuccessDestroyEmail',
  ],
};

export function emailOf(email: FakeEmail): Obj {
  const truthy = (all: Set<string>) => Object.fromEntries([...all].map((one) => [one, true]));
  const texts = [{ partId: '0', type: 'text/plain', blobId: `B${email.id}_0` }];
  const htmls =
    email.html === null ? texts : [{ partId: '1', type: 'text/html', blobId: `B${email.id}_1` }];
  const cut = (value: string) => ({ value, isEncodingProblem: false, isTruncated: false });
  return {
    id: email.id,
    threadId: email.threadId,
    mailboxIds: truthy(email.mailboxIds),
    keywords: truthy(email.keywords),
    size: 100,
    receivedAt: `${new Date(email.atMs).toISOString().slice(0, 19)}Z`,
    sender: email.sender.length > 0 ? email.sender : null,
    from: email.from,
    to: email.to,
    cc: email.cc,
    bcc: email.bcc,
    replyTo: null,
    subject: email.subject,
    hasAttachment: email.attachments.length > 0,
    preview: email.text.slice(0, 50),
    messageId: [email.messageId],
    references: email.references,
    textBody: texts,
    htmlBody: htmls,
    attachments: email.attachments.map((one) => ({
      ...one,
      size: 1,
      disposition: 'attachment',
      cid: null,
    })),
    bodyValues: { '0': cut(email.text), ...(email.html !== null && { '1': cut(email.html) }) },
  };
}

export function sessionOf(
  accounts: FakeAccount[],
  own: FakeAccount & { session: number; fetches: boolean; fetchesUnencrypted: boolean },
): Obj {
  const core = {
    maxSizeUpload: 50_000_000,
    maxCallsInRequest: 32,
    maxObjectsInGet: 500,
    maxObjectsInSet: 500,
  };
  const told = accounts.map((one): [string, Obj] => [one.account, accountOf(one, one === own)]);
  return {
    capabilities: {
      'urn:ietf:params:jmap:core': core,
      'urn:ietf:params:jmap:principals': {},
      'urn:fernamt:params:jmap:threadwork': {},
      ...(own.fetches && {
        'urn:fernamt:params:jmap:pictures': { unencrypted: own.fetchesUnencrypted },
      }),
    },
    accounts: Object.fromEntries(told),
    primaryAccounts: { 'urn:ietf:params:jmap:mail': own.account },
    apiUrl: 'https://amt.example/jmap/api',
    eventSourceUrl:
      'https://amt.example/jmap/events?types={types}&closeafter={closeafter}&ping={ping}',
    state: `s${own.session}`,
  };
}

function accountOf({ identity, kind, rights, settings }: FakeAccount, isOwn: boolean): Obj {
  const submission = { maxDelayedSend: 300, submissionExtensions: { FUTURERELEASE: [] } };
  const sends = rights.includes('send_as') || rights.includes('send_on_behalf');
  return {
    name: identity.name,
    isPersonal: isOwn,
    isReadOnly: !sends && !rights.includes('write'),
    accountCapabilities: {
      ...(sends && { 'urn:ietf:params:jmap:submission': submission }),
      'urn:fernamt:params:jmap:delegation': {
        kind: isOwn ? 'own' : kind,
        address: identity.email,
        rights,
      },
      ...(isOwn && { 'urn:ietf:params:jmap:principals': { currentUserPrincipalId: 'p-ada' } }),
      ...(settings.outside !== null && {
        'urn:fernamt:params:jmap:delivery': { outside: settings.outside },
      }),
    },
  };
}

export function submissionOf({ id, emailId, undoStatus, sendAtMs }: FakeSubmission): Obj {
  const sendAt = `${new Date(sendAtMs).toISOString().slice(0, 19)}Z`;
  return { id, identityId: 'idn-1', emailId, undoStatus, sendAt };
}

export function resolve(given: Obj, answered: [string, Obj, string][]): Obj {
  const resolved: Obj = {};
  for (const [name, value] of Object.entries(given)) {
    if (!name.startsWith('#')) {
      resolved[name] = value;
      continue;
    }
    const { resultOf, name: method, path } = value as Record<string, string>;
    const found = answered.find(([other, , call]) => call === resultOf && other === method);
    if (!found) throw new Refusal('invalidResultReference', `${resultOf} did not answer`);
    let part: unknown = found[1];
    for (const step of (path ?? '').split('/').slice(1)) {
      if (step !== '*')
        part = Array.isArray(part) ? part.map((one) => one[step]) : (part as Obj)[step];
    }
    resolved[name.slice(1)] = part;
  }
  return resolved;
}

export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status });
}

/** `Email/query`. */
export function query(given: Obj, emails: FakeEmail[], state: number, accountId: string): Obj {
  const fits = (email: FakeEmail, filter: Obj | null): boolean => {
    if (!filter) return true;
    if (filter.operator === 'AND')
      return (filter.conditions as Obj[]).every((one) => fits(email, one));
    return Object.entries(filter).every(([name, value]) => {
      if (name === 'inMailbox') return email.mailboxIds.has(String(value));
      if (name === 'before') return email.atMs < Date.parse(String(value));
      if (name !== 'text') throw new Refusal('unsupportedFilter', name);
      const all = `${email.subject} ${email.text}`.toLowerCase();
      return String(value)
        .toLowerCase()
        .split(/\s+/)
        .every((word) => all.includes(word));
    });
  };
  const found = emails
    .filter((email) => fits(email, (given.filter ?? null) as Obj | null))
    .sort((one, other) => other.atMs - one.atMs || (one.id < other.id ? 1 : -1));
  const threads = new Set<string>();
  const shown = given.collapseThreads
    ? found.filter(({ threadId }) => !threads.has(threadId) && threads.add(threadId))
    : found;
  const position = Number(given.position ?? 0);
  const ids = shown.slice(position, position + Number(given.limit ?? 5_000)).map(({ id }) => id);
  const queryState = String(state);
  return { accountId, queryState, canCalculateChanges: false, position, ids };
}

/** `Thread/get`. */
export function threads(given: Obj, all: FakeEmail[], state: number, accountId: string): Obj {
  const ids = given.ids as string[];
  const list = ids.flatMap((id) => {
    const emails = all.filter(({ threadId }) => threadId === id);
    emails.sort((one, other) => one.atMs - other.atMs);
    return emails.length > 0 ? [{ id, emailIds: emails.map((one) => one.id) }] : [];
  });
  const notFound = ids.filter((id) => !list.some((one) => one.id === id));
  return { accountId, state: String(state), list, notFound };
}

export function mailboxOf(
  { id, name, parentId = null, role, sortOrder }: FakeMailbox,
  all: FakeEmail[],
): Obj {
  const inside = all.filter(({ mailboxIds }) => mailboxIds.has(id));
  const unread = inside.filter(({ keywords }) => !keywords.has('$seen'));
  const counts = { totalEmails: inside.length, unreadEmails: unread.length };
  return { id, name, parentId, role, sortOrder, isSubscribed: true, ...counts };
}

/** The answer to a `/set` in which nothing has happened yet. */
export function nothingDone(accountId: string, state: number) {
  return {
    accountId,
    oldState: String(state),
    created: {} as Record<string, Obj>,
    updated: {} as Record<string, null>,
    destroyed: [] as string[],
    notCreated: {} as Record<string, Obj>,
    notUpdated: {} as Record<string, Obj>,
    notDestroyed: {} as Record<string, Obj>,
  };
}
