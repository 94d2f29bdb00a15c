// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { TestFolder } from '../container/folder.fixture.ts';
import type { Draft, Mail, MailRight } from '../model.ts';
import type { FakeAccount } from './jmap-account.fixture.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { type Opened, TestDevice } from './net.fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

const OFFICE = 'acc-office';
const EVERYTHING: MailRight[] = ['read', 'write', 'send_on_behalf', 'send_as', 'manage'];

const ACTS = [
  'read',
  'mark',
  'move',
  'destroy',
  'folder',
  'draft',
  'discard',
  'send',
  'assign',
  'note',
] as const;
type Act = (typeof ACTS)[number];

/** What each set of rights allows, written down and not worked out: a matrix that follows the code proves nothing. */
const ALLOWED: [rights: MailRight[], acts: string][] = [
  [['read'], 'read'],
  [['read', 'write'], 'read mark move destroy folder discard assign note'],
  [['read', 'send_on_behalf'], 'read draft discard send'],
  [['read', 'send_as'], 'read draft discard send'],
  [['read', 'manage'], 'read'],
  [
    ['read', 'write', 'send_on_behalf'],
    'read mark move destroy folder draft discard send assign note',
  ],
  [['read', 'write', 'send_as'], 'read mark move destroy folder draft discard send assign note'],
  [['read', 'write', 'manage'], 'read mark move destroy folder discard assign note'],
  [['read', 'send_as', 'manage'], 'read draft discard send'],
  [EVERYTHING, 'read mark move destroy folder draft discard send assign note'],
];

let profile: TestProfile;
let server: FakeJmapServer;
let office: FakeAccount;
let one: Opened;

beforeEach(() => {
  profile = new TestProfile();
  profile.folder = new TestFolder().asHandle();
  server = new FakeJmapServer(() => profile.clock.now());
});

afterEach(() => one.kill());

/** A mailbox with a message, one in the trash, and a draft that was written with every right. */
async function opened(rights: MailRight[]): Promise<Mail> {
  office = server.share(OFFICE, rights);
  office.arrive({ id: 'eml-inbox', threadId: 'thr' });
  office.arrive({ id: 'eml-trash', mailboxIds: new Set(['mbx-trash']) });
  office.arrive({ id: 'eml-draft', mailboxIds: new Set(['mbx-drafts']) });
  one = await new TestDevice(profile, server).open();
  await one.mail.sync();
  const mail = await one.post.open(OFFICE);
  await mail.sync();
  return mail;
}

const DRAFT: Draft = {
  id: null,
  identityId: 'idn-1',
  to: [{ name: null, email: 'ben@amt.example' }],
  cc: [],
  bcc: [],
  subject: 'Bescheid',
  text: 'Guten Tag',
  html: null,
  attachments: [],
  inReplyTo: null,
  references: [],
  answers: { emailId: 'eml-inbox', how: 'reply' },
};

async function act(mail: Mail, what: Act): Promise<unknown> {
  const team = mail.team();
  switch (what) {
    case 'read':
      return (await mail.body('eml-inbox')).text;
    case 'mark':
      return mail.change(['eml-inbox'], { kind: 'keyword', keyword: 'seen', on: true });
    case 'move':
      return mail.change(['eml-inbox'], { kind: 'move', from: 'mbx-inbox', to: 'mbx-archive' });
    case 'destroy':
      return mail.change(['eml-trash'], { kind: 'destroy' });
    case 'folder':
      return mail.createMailbox('Winterdienst');
    case 'draft':
      return mail.saveDraft(DRAFT);
    case 'discard':
      return mail.change(['eml-draft'], { kind: 'move', from: 'mbx-drafts', to: 'mbx-trash' });
    case 'send':
      return mail.send(DRAFT);
    case 'assign':
      return team?.change('thr', { what: 'assignee', value: 'p-mira' });
    case 'note':
      return team?.change('thr', { what: 'note', value: 'Rückruf erbeten' });
  }
}

/** Whether the server has it: what was done here counts for nothing. */
function isDone(what: Act): boolean {
  const inbox = office.emails.get('eml-inbox');
  const written = [...office.emails.values()].find(({ subject }) => subject === DRAFT.subject);
  switch (what) {
    case 'read':
      return true;
    case 'mark':
      return inbox?.keywords.has('$seen') === true;
    case 'move':
      return inbox?.mailboxIds.has('mbx-archive') === true;
    case 'destroy':
      return !office.emails.has('eml-trash');
    case 'folder':
      return [...office.mailboxes.values()].some(({ name }) => name === 'Winterdienst');
    case 'draft':
      return written?.mailboxIds.has('mbx-drafts') === true;
    case 'discard':
      return office.emails.get('eml-draft')?.mailboxIds.has('mbx-drafts') !== true;
    case 'send':
      return office.submissions.length > 0;
    case 'assign':
      return office.works.of('thr').assignee === 'p-mira';
    case 'note':
      return office.works.of('thr').note === 'Rückruf erbeten';
  }
}

describe.each(ALLOWED)('with %j', (rights, allowed) => {
  const acts = allowed.split(' ');
  const forbidden = ACTS.filter((one) => !acts.includes(one));

  test.each(ACTS.filter((one) => acts.includes(one)))('%s goes', async (what) => {
    const mail = await opened(rights);
    await act(mail, what);
    await mail.sync();
    expect(isDone(what)).toBe(true);
    expect(mail.waiting()).toBe(0);
    expect(one.post.undone()).toEqual([]);
  });

  test.each(forbidden)('%s is refused before anything is asked', async (what) => {
    const mail = await opened(rights);
    server.requests.length = 0;
    await expect(act(mail, what)).rejects.toMatchObject({ kind: 'forbidden' });
    expect(server.requests).toEqual([]);
    expect(mail.waiting()).toBe(0);
  });

  // A folder is made with a line only, so it never waits.
  const waiting = ACTS.filter((one) => one !== 'read' && one !== 'folder');
  test.each(waiting)(
    '%s that waited since there were more rights is as these say',
    async (what) => {
      const mail = await opened(EVERYTHING);
      one.net.online = false;
      await act(mail, what);
      expect(mail.waiting()).toBeGreaterThan(0);
      server.share(OFFICE, rights);
      one.net.online = true;
      await mail.sync();
      // What was to lie in the trash is not destroyed instead.
      const goes = acts.includes(what) && (what !== 'discard' || rights.includes('write'));
      expect(isDone(what)).toBe(goes);
      const told = () =>
        one.post.undone().length > 0 || mail.sendings().some(({ state }) => state === 'refused');
      if (goes) expect(told()).toBe(false);
      else await vi.waitFor(() => expect(told()).toBe(true));
    },
  );
});
