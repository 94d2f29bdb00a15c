// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { TestFolder } from '../container/folder.fixture.ts';
import type { Draft, Mail } from '../model.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { COLLECTIONS } from './leaving.ts';
import { type Opened, TestDevice } from './net.fixture.ts';

import { collectionOf } from './shelf.ts';

// IndexedDB in memory is slow, and the machines that run this are busy.
vi.setConfig({ testTimeout: 60_000 });

const OFFICE = 'acc-office';

let profile: TestProfile;
let server: FakeJmapServer;
let device: TestDevice;
let open: Opened[];

beforeEach(() => {
  profile = new TestProfile();
  profile.folder = new TestFolder().asHandle();
  server = new FakeJmapServer(() => profile.clock.now());
  device = new TestDevice(profile, server);
  open = [];
});

afterEach(async () => {
  for (const one of open) await one.kill();
});

async function tab(): Promise<Opened> {
  const opened = await device.open();
  open.push(opened);
  await opened.mail.sync();
  return opened;
}

function draft(given: Partial<Draft> = {}): Draft {
  return {
    id: null,
    identityId: 'idn-1',
    to: [{ name: null, email: 'ben@amt.example' }],
    cc: [],
    bcc: [],
    subject: 'Bauantrag',
    text: 'Guten Tag, Ben',
    html: null,
    attachments: [],
    inReplyTo: null,
    references: [],
    answers: null,
    ...given,
  };
}

const subjects = async (mail: Mail) =>
  (await mail.list('mbx-inbox', 0, 100)).items.map(({ newest }) => newest.subject);

/** Until something of the post is as it is to be. */
function until({ post }: Opened, holds: () => boolean | Promise<boolean>): Promise<void> {
  return untilOf(post, holds);
}

async function untilOf(
  source: Pick<Mail, 'onChange'>,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  while (!(await holds())) {
    await new Promise<void>((resolve) => {
      const stop = source.onChange(() => {
        stop();
        resolve();
      });
    });
  }
}

test('mailboxes of others lie beside the own one, and nothing of one is seen in another', async () => {
  server.arrive({ subject: 'Eigenes', text: 'Rosenweg' });
  const office = server.share(OFFICE, ['read', 'write', 'send_as']);
  office.arrive({ subject: 'Bürgeranliegen', text: 'Tulpenweg' });
  const one = await tab();
  const [own, other] = one.post.accounts();
  expect(own).toMatchObject({ kind: 'own', number: 0, id: 'acc-1' });
  expect(other).toMatchObject({
    kind: 'functional',
    number: 1,
    name: 'Bürgerbüro',
    address: 'acc-office@amt.example',
    rights: ['read', 'write', 'send_as'],
    unread: null,
  });
  expect(
    server.requests.flat().filter((name) => name === 'Email/query'),
    'what nobody opened is not asked for',
  ).toHaveLength(1);
  const mail = await one.post.open(OFFICE);
  await mail.sync();
  // Ids of the two are alike.
  expect([...office.emails.keys()]).toEqual([...server.emails.keys()]);
  expect(await subjects(mail)).toEqual(['Bürgeranliegen']);
  expect(await subjects(one.mail)).toEqual(['Eigenes']);
  await until(one, () => one.post.accounts()[1]?.unread === 1);
  one.net.online = false;
  const found = async (of: Mail, word: string) =>
    (await of.search(word, null, 10)).items.map(({ newest }) => newest.subject);
  expect(await found(mail, 'Tulpenweg')).toEqual(['Bürgeranliegen']);
  expect(await found(one.mail, 'Tulpenweg')).toEqual([]);
  expect(await found(one.mail, 'Rosenweg')).toEqual(['Eigenes']);
});

test('a message from it is written, sent on behalf and marked as such', async () => {
  const office = server.share(OFFICE, ['read', 'send_on_behalf']);
  const one = await tab();
  const mail = await one.post.open(OFFICE);
  await mail.sync();
  one.net.online = false;
  await mail.send(draft());
  one.net.online = true;
  await mail.sync();
  expect(mail.sendings()).toMatchObject([{ state: 'held' }]);
  const [email] = office.emails.values();
  expect(email?.sender).toEqual([{ name: null, email: 'ada@amt.example' }]);
  expect(email?.from).toEqual([{ name: 'Bürgerbüro', email: 'acc-office@amt.example' }]);
  expect([...(email?.mailboxIds ?? [])]).toEqual(['mbx-sent']);
  expect(server.emails.size).toBe(0);
  const sender = async ({ post }: Opened) => {
    const there = await post.open(OFFICE);
    await there.sync();
    return (await there.list('mbx-sent', 0, 10)).items[0]?.newest.sender;
  };
  expect(await sender(one)).toEqual([{ name: null, email: 'ada@amt.example' }]);
  await one.kill();
  const [elsewhere, asItself] = [new TestProfile(), office.arrive()];
  elsewhere.folder = new TestFolder().asHandle();
  const two = await new TestDevice(elsewhere, server).open();
  open.push(two);
  await two.mail.sync();
  expect(await sender(two), 'as the server tells it').toEqual([
    { name: null, email: 'ada@amt.example' },
  ]);
  const [plain] = await (await two.post.open(OFFICE)).thread(asItself.threadId);
  expect(plain).not.toHaveProperty('sender');
});

test('what was opened on this device before is brought here again, by one tab on one line', async () => {
  const office = server.share(OFFICE, ['read']);
  const one = await tab();
  await (await one.post.open(OFFICE)).sync();
  expect(one.net.pushes).toHaveLength(1);
  await one.kill();
  office.arrive({ subject: 'Neu' });
  const two = await tab();
  await until(two, () => two.post.accounts()[1]?.unread === 1);
  const three = await tab();
  const mail = await three.post.open(OFFICE);
  expect(await subjects(mail)).toEqual(['Neu']);
  expect(three.net.pushes).toHaveLength(0);
  office.arrive({ subject: 'Noch eins', atMs: profile.clock.now() + 1_000 });
  two.net.pushes[0]?.heard({ Email: String(office.states.Email) }, OFFICE);
  await untilOf(mail, async () => (await subjects(mail)).length === 2);
});

test('a mailbox that another tab opens first is brought here by the leading one', async () => {
  server.share(OFFICE, ['read']).arrive({ subject: 'Anliegen' });
  await tab();
  const two = await tab();
  const mail = await two.post.open(OFFICE);
  await untilOf(mail, async () => (await subjects(mail)).length === 1);
  await mail.sync();
  expect(mail.line()).toBe('online');
});

test('closed to the person, nothing of it stays, and what waited is told', async () => {
  const office = server.share(OFFICE, ['read', 'write', 'send_as']);
  const email = office.arrive({ subject: 'Anliegen', text: 'Tulpenweg' });
  const blobId = 'Bplan';
  office.blobs.set(blobId, new Uint8Array([1, 2, 3]));
  server.arrive({ subject: 'Eigenes', text: 'Tulpenweg' });
  const one = await tab();
  const two = await tab();
  const mail = await one.post.open(OFFICE);
  await mail.sync();
  const elsewhere = await two.post.open(OFFICE);
  await mail.attachment(blobId);
  one.net.online = false;
  await mail.change([email.id], { kind: 'keyword', keyword: 'flagged', on: true });
  await mail.change([email.id], { kind: 'move', from: 'mbx-inbox', to: 'mbx-archive' });
  await mail.send(draft({ subject: 'Bescheid' }));
  await mail.team()?.change(email.threadId, { what: 'assignee', value: 'p-ada' });
  one.net.online = true;
  server.unshare(OFFICE);
  // The server ends the line; no clock goes on until everything is gone.
  one.net.pushes[0]?.cut();
  await until(one, () => one.post.undone().length === 4);
  expect(one.post.accounts().map(({ kind }) => kind)).toEqual(['own']);
  expect(one.post.undone()).toMatchObject([
    { account: 'Bürgerbüro', why: 'closed', change: 'mark', emails: 1 },
    { change: 'move' },
    { change: 'send', subject: 'Bescheid' },
    { change: 'assignee' },
  ]);
  for (const collection of COLLECTIONS) {
    const found = await one.container.records.getAll(collectionOf(collection, OFFICE));
    expect(found, collection).toEqual([]);
  }
  expect(await one.container.blobs.size(`${OFFICE} ${blobId}`)).toBeUndefined();
  const hits = await one.container.search.search('Tulpenweg', 10);
  expect(hits.ids).toEqual([...server.emails.keys()]);
  expect(office.submissions).toEqual([]);
  for (const gone of [mail, elsewhere]) {
    await expect(
      gone.change([email.id], { kind: 'keyword', keyword: 'seen', on: true }),
    ).rejects.toMatchObject({ kind: 'closed' });
    await expect(gone.saveDraft(draft())).rejects.toMatchObject({ kind: 'closed' });
  }
  await expect(one.post.open(OFFICE)).rejects.toMatchObject({ kind: 'closed' });
  expect(two.post.undone()).toHaveLength(4);
  // What was typed meanwhile has no draft to lie in.
  const lost = await elsewhere.keepLost(draft({ text: 'Guten' }), null);
  await elsewhere.keepLost(draft({ text: 'Guten Tag\n> Anliegen' }), lost);
  await elsewhere.keepLost(draft({ text: '> Anliegen' }), null);
  expect(two.post.undone().slice(4)).toMatchObject([
    { account: 'Bürgerbüro', change: 'draft', why: 'closed', text: 'Guten Tag' },
  ]);
  await until(one, () => one.post.undone().length === 5);
  await two.post.forgetUndone();
  await until(one, () => one.post.undone().length === 0);
  await one.mail.sync();
});

test('closed while this device was away, it goes at the next contact', async () => {
  server.share(OFFICE, ['read', 'write']).arrive({ subject: 'Anliegen' });
  const one = await tab();
  await (await one.post.open(OFFICE)).sync();
  await one.kill();
  server.unshare(OFFICE);
  const two = await device.open((net) => {
    net.online = false;
  });
  open.push(two);
  const mail = await two.post.open(OFFICE);
  expect(await subjects(mail)).toEqual(['Anliegen']);
  await expect(mail.sync()).rejects.toMatchObject({ kind: 'offline' });
  two.net.online = true;
  two.net.wake();
  await until(two, () => two.post.accounts().length === 1);
  await expect(subjects(mail)).resolves.toEqual(['Anliegen']);
});

test('rights that become less are known without asking anew, and what they forbid is told', async () => {
  const office = server.share(OFFICE, ['read', 'write']);
  const email = office.arrive();
  const one = await tab();
  const mail = await one.post.open(OFFICE);
  await mail.sync();
  one.net.online = false;
  await mail.change([email.id], { kind: 'keyword', keyword: 'flagged', on: true });
  await mail.team()?.change(email.threadId, { what: 'note', value: 'Rückruf' });
  server.share(OFFICE, ['read']);
  one.net.online = true;
  await mail.sync();
  expect(office.emails.get(email.id)?.keywords.has('$flagged')).toBe(false);
  await until(one, () => one.post.undone().length === 2);
  expect(one.post.undone()).toMatchObject([
    { change: 'mark', why: 'refused' },
    { change: 'note', why: 'refused' },
  ]);
  await until(one, () => mail.account().rights.length === 1);
  await expect(
    mail.change([email.id], { kind: 'keyword', keyword: 'seen', on: true }),
  ).rejects.toMatchObject({ kind: 'forbidden' });
});

test('what was refused does not wait for ever once nobody here may write, and its text stays', async () => {
  server.share(OFFICE, ['read', 'write', 'send_as']);
  const one = await tab();
  const mail = await one.post.open(OFFICE);
  await mail.sync();
  one.net.online = false;
  await mail.saveDraft(draft({ subject: 'Anhörung', text: 'Guten Tag\n> Anliegen' }));
  await mail.send(draft({ subject: 'Bescheid', text: 'Anbei' }));
  server.share(OFFICE, ['read']);
  one.net.online = true;
  await mail.sync();
  await until(one, () => mail.account().rights.length === 1);
  await mail.sync();
  await until(one, () => one.post.undone().filter(({ text }) => text !== undefined).length === 2);
  expect(one.post.undone()).toMatchObject([
    { change: 'draft', subject: 'Anhörung', text: 'Guten Tag', why: 'refused' },
    { change: 'send', subject: 'Bescheid', text: 'Anbei', why: 'refused' },
  ]);
  expect(mail.waiting()).toBe(0);
  expect(mail.sendings()).toEqual([]);
  expect((await mail.list('mbx-drafts', 0, 9)).items).toEqual([]);
});

test('rights that become more bring their senders', async () => {
  const office = server.share(OFFICE, ['read']);
  const one = await tab();
  const mail = await one.post.open(OFFICE);
  await mail.sync();
  expect(await mail.identities()).toEqual([]);
  await expect(mail.send(draft())).rejects.toMatchObject({ kind: 'forbidden' });
  server.share(OFFICE, ['read', 'send_on_behalf']);
  one.net.pushes[0]?.cut();
  await untilOf(mail, async () => (await mail.identities())[0]?.sender === 'ada@amt.example');
  await mail.send(draft());
  await mail.sync();
  expect(office.submissions).toHaveLength(1);
});

test('who may only send puts away drafts, and nothing else', async () => {
  const office = server.share(OFFICE, ['read', 'send_as']);
  const email = office.arrive();
  const one = await tab();
  const mail = await one.post.open(OFFICE);
  await mail.sync();
  await mail.saveDraft(draft());
  await mail.sync();
  const kept = (await mail.list('mbx-drafts', 0, 9)).items[0]?.newest.id ?? '';
  await mail.change([kept], { kind: 'move', from: 'mbx-drafts', to: 'mbx-trash' });
  await mail.sync();
  expect([...office.emails.keys()]).toEqual([email.id]);
  await expect(
    mail.change([email.id], { kind: 'move', from: 'mbx-inbox', to: 'mbx-trash' }),
  ).rejects.toMatchObject({ kind: 'forbidden' });
});
