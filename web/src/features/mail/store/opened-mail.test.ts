// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { TestFolder } from '../container/folder.fixture.ts';
import type { Draft } from '../model.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { type Opened, TestDevice } from './net.fixture.ts';

// IndexedDB in memory is slow, and the machines that run this are busy.
vi.setConfig({ testTimeout: 60_000 });

const SECOND_MS = 1_000;

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

async function tab(prepare?: Parameters<TestDevice['open']>[0]): Promise<Opened> {
  const opened = await device.open(prepare);
  open.push(opened);
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

const subjects = async ({ mail }: Opened, mailbox = 'mbx-inbox') =>
  (await mail.list(mailbox, 0, 100)).items.map(({ newest }) => newest.subject);

test('the first fill shows folders and threads, newest first, and their texts are here offline', async () => {
  for (let number = 0; number < 5; number += 1) {
    const atMs = profile.clock.now() - number * SECOND_MS;
    server.arrive({ subject: `Akte ${number}`, text: `Inhalt ${number}`, atMs });
  }
  const one = await tab();
  await one.mail.sync();
  expect(one.mail.line()).toBe('online');
  expect(one.mail.syncedAtMs()).toBe(profile.clock.now());
  expect(await subjects(one)).toEqual(['Akte 0', 'Akte 1', 'Akte 2', 'Akte 3', 'Akte 4']);
  const [inbox] = await one.mail.mailboxes();
  expect(inbox).toMatchObject({ role: 'inbox', totalEmails: 5, unreadEmails: 5 });
  const page = await one.mail.list('mbx-inbox', 1, 2);
  expect(page.items.map(({ newest }) => newest.subject)).toEqual(['Akte 1', 'Akte 2']);
  expect(page.more).toBe(true);
  one.net.online = false;
  expect((await one.mail.body(page.items[0]?.newest.id ?? '')).text).toBe('Inhalt 1');
  expect((await one.mail.search('inhalt 3', null, 10)).items[0]?.newest.subject).toBe('Akte 3');
});

test('what it costs to follow depends on what changed, and not on the mailbox', async () => {
  for (let number = 0; number < 300; number += 1) server.arrive({ subject: `Akte ${number}` });
  const one = await tab();
  await one.mail.sync();
  const first = [...server.emails.keys()][0] ?? '';
  server.requests.length = 0;
  server.arrive({ subject: 'Neu', atMs: profile.clock.now() + SECOND_MS });
  server.mark(first, '$flagged', true);
  await one.mail.sync();
  expect(server.requests).toHaveLength(2);
  expect((await subjects(one))[0]).toBe('Neu');
  server.destroy(first);
  await one.mail.sync();
  expect((await one.mail.mailboxes())[0]?.totalEmails).toBe(300);
  server.requests.length = 0;
  await one.mail.sync();
  expect(server.requests, 'nothing new is one question').toHaveLength(1);
});

test('changes come in pages, and each page counts once it is kept', async () => {
  const one = await tab();
  await one.mail.sync();
  for (let number = 0; number < 600; number += 1) server.arrive({ subject: `Akte ${number}` });
  let left = 2;
  one.net.fate = () => {
    left -= 1;
    return left < 0 ? 'lost answer' : 'fine';
  };
  await expect(one.mail.sync()).rejects.toMatchObject({ kind: 'offline' });
  expect(one.mail.line()).toBe('offline');
  one.net.fate = () => 'fine';
  server.requests.length = 0;
  await one.mail.sync();
  const asked = server.requests.filter((names) => names.includes('Email/changes'));
  expect(asked, 'two pages were kept').toHaveLength(1);
  expect((await one.mail.mailboxes())[0]?.totalEmails).toBe(600);
});

test('who was away too long reads anew, and what waits is not lost', async () => {
  const [kept, gone] = [server.arrive({ subject: 'bleibt' }), server.arrive({ subject: 'geht' })];
  const one = await tab();
  await one.mail.sync();
  one.net.online = false;
  await one.mail.change([kept.id], { kind: 'keyword', keyword: 'flagged', on: true });
  server.destroy(gone.id);
  server.arrive({ subject: 'kommt' });
  server.forgotten = server.states.Email;
  one.net.online = true;
  await one.mail.sync();
  expect((await subjects(one)).sort()).toEqual(['bleibt', 'kommt']);
  expect(server.emails.get(kept.id)?.keywords.has('$flagged')).toBe(true);
  expect(one.mail.waiting()).toBe(0);
});

test('changes made offline are shown at once, survive the end of the tab, and reach the server', async () => {
  const [read, moved, trashed] = ['eins', 'zwei', 'drei'].map((subject) =>
    server.arrive({ subject }),
  );
  const one = await tab();
  await one.mail.sync();
  one.net.online = false;
  await one.mail.change([read?.id ?? ''], { kind: 'keyword', keyword: 'seen', on: true });
  await one.mail.change([moved?.id ?? ''], { kind: 'move', from: 'mbx-inbox', to: 'mbx-archive' });
  await one.mail.change([trashed?.id ?? ''], { kind: 'destroy' });
  expect(await subjects(one)).toEqual(['eins']);
  expect(await subjects(one, 'mbx-archive')).toEqual(['zwei']);
  expect(await subjects(one, 'mbx-trash')).toEqual(['drei']);
  const counts = (await one.mail.mailboxes()).map(({ role, totalEmails, unreadEmails }) => [
    role,
    totalEmails,
    unreadEmails,
  ]);
  expect(counts).toContainEqual(['inbox', 1, 0]);
  expect(counts).toContainEqual(['archive', 1, 1]);
  expect((await one.mail.list('mbx-inbox', 0, 9)).items[0]?.newest.waiting).toBe(true);
  await one.kill();

  const two = await tab((net) => {
    net.online = false;
  });
  expect(two.mail.waiting()).toBe(3);
  expect(await subjects(two)).toEqual(['eins']);
  two.net.online = true;
  await two.mail.sync();
  expect(two.mail.waiting()).toBe(0);
  expect([...server.emails.values()].map(({ mailboxIds }) => [...mailboxIds][0])).toEqual([
    'mbx-inbox',
    'mbx-archive',
    'mbx-trash',
  ]);
  await two.mail.change([trashed?.id ?? ''], { kind: 'destroy' });
  await two.mail.sync();
  expect(server.emails.has(trashed?.id ?? '')).toBe(false);
  expect(await subjects(two, 'mbx-trash')).toEqual([]);
});

test('what the server no longer has is dropped with a notice, and the rest goes on', async () => {
  const [gone, kept] = [server.arrive(), server.arrive()];
  const one = await tab();
  await one.mail.sync();
  one.net.online = false;
  await one.mail.change([gone.id, kept.id], { kind: 'keyword', keyword: 'flagged', on: true });
  server.destroy(gone.id);
  one.net.online = true;
  await one.mail.sync();
  expect(one.mail.dropped()).toEqual([{ change: 'mark', emails: [gone.id], reason: 'notFound' }]);
  expect(server.emails.get(kept.id)?.keywords.has('$flagged')).toBe(true);
  expect(one.mail.waiting()).toBe(0);
  one.mail.forgetDropped();
  expect(one.mail.dropped()).toEqual([]);
});

test('a draft is written on offline, and is one draft on the server', async () => {
  const one = await tab();
  await one.mail.sync();
  one.net.online = false;
  const id = await one.mail.saveDraft(draft({ subject: 'erste Fassung' }));
  expect(await one.mail.saveDraft(draft({ id, subject: 'zweite Fassung' }))).toBe(id);
  expect(await subjects(one, 'mbx-drafts')).toEqual(['zweite Fassung']);
  expect((await one.mail.body(id)).text).toBe('Guten Tag, Ben');
  one.net.online = true;
  await one.mail.sync();
  expect([...server.emails.values()].map(({ subject }) => subject)).toEqual(['zweite Fassung']);
  // The page goes on with the id that it knows.
  const again = await one.mail.saveDraft(draft({ id, subject: 'dritte Fassung' }));
  expect(again).toBe(id);
  await one.mail.sync();
  expect([...server.emails.values()].map(({ subject }) => subject)).toEqual(['dritte Fassung']);
  expect(await subjects(one, 'mbx-drafts')).toEqual(['dritte Fassung']);
  expect((await one.mail.body(id)).text).toBe('Guten Tag, Ben');
});

test('a message is held, leaves, and lies among the sent ones; the answered one is marked', async () => {
  const asked = server.arrive();
  const one = await tab();
  await one.mail.sync();
  const id = await one.mail.saveDraft(draft());
  await one.mail.sync();
  await one.mail.send(draft({ id, answers: { emailId: asked.id, how: 'reply' } }));
  await one.mail.sync();
  expect(one.mail.sendings()).toMatchObject([{ state: 'held', subject: 'Bauantrag' }]);
  expect(await subjects(one, 'mbx-drafts')).toEqual([]);
  expect(await subjects(one, 'mbx-sent')).toEqual(['Bauantrag']);
  expect(asked.keywords.has('$answered')).toBe(true);
  profile.clock.advance(10 * SECOND_MS);
  server.deliver();
  profile.clock.advance(SECOND_MS);
  await one.mail.sync();
  expect(one.mail.sendings()).toMatchObject([{ state: 'sent' }]);
  expect(server.sent()).toHaveLength(1);
  expect(server.emails.size).toBe(2);
});

test('what is held is taken back, and its draft is there again', async () => {
  const one = await tab();
  await one.mail.sync();
  const id = await one.mail.send(draft());
  await one.mail.sync();
  expect(await one.mail.takeBack(id)).toBe(true);
  expect(one.mail.sendings()).toMatchObject([{ state: 'taken_back' }]);
  expect(await subjects(one, 'mbx-drafts')).toEqual(['Bauantrag']);
  profile.clock.advance(60 * SECOND_MS);
  server.deliver();
  expect(server.sent()).toEqual([]);
  const late = await one.mail.send(draft());
  await one.mail.sync();
  profile.clock.advance(10 * SECOND_MS);
  server.deliver();
  expect(await one.mail.takeBack(late)).toBe(false);
  expect(server.sent()).toHaveLength(1);
});

test('what waits without a line is taken back here', async () => {
  const one = await tab();
  await one.mail.sync();
  one.net.online = false;
  const id = await one.mail.send(draft());
  expect(one.mail.sendings()).toMatchObject([{ state: 'waiting' }]);
  expect(await one.mail.takeBack(id)).toBe(true);
  expect(await subjects(one, 'mbx-drafts')).toEqual(['Bauantrag']);
  one.net.online = true;
  await one.mail.sync();
  expect(server.submissions).toEqual([]);
  expect([...server.emails.values()].map(({ mailboxIds }) => [...mailboxIds])).toEqual([
    ['mbx-drafts'],
  ]);
});

test('a refused message says why, and its draft is kept', async () => {
  const one = await tab();
  await one.mail.sync();
  server.refusedRecipients = ['ben@amt.example'];
  await one.mail.send(draft());
  await one.mail.sync();
  const [sending] = one.mail.sendings();
  expect(sending?.state).toBe('refused');
  expect(sending?.refusal).toEqual({
    code: 'invalidRecipients',
    recipients: ['ben@amt.example'],
    most: null,
  });
  expect(await one.mail.draftOf(sending?.id ?? '')).toMatchObject({ subject: 'Bauantrag' });
  expect(await subjects(one, 'mbx-drafts')).toEqual(['Bauantrag']);
  await one.mail.settle(sending?.id ?? '', 'forget');
  expect(one.mail.sendings()).toEqual([]);
  for (const to of [[], [{ name: null, email: 'niemand' }]]) {
    await expect(one.mail.send(draft({ to }))).rejects.toMatchObject({ kind: 'refused' });
  }
});

test('an attachment is kept here, brought up with its message, and fetched once', async () => {
  const one = await tab();
  await one.mail.sync();
  one.net.online = false;
  const bytes = new Uint8Array([1, 2, 3]);
  const id = await one.mail.saveDraft(
    draft({ attachments: [{ kind: 'new', name: 'Plan.pdf', type: 'application/pdf', bytes }] }),
  );
  const [attachment] = (await one.mail.body(id)).attachments;
  expect(attachment?.name).toBe('Plan.pdf');
  expect(await one.mail.attachment(attachment?.blobId ?? '')).toEqual(bytes);
  one.net.online = true;
  await one.mail.sync();
  const [email] = server.emails.values();
  const blobId = String(email?.attachments[0]?.blobId);
  expect(server.blobs.get(blobId)).toEqual(bytes);
  expect(await one.mail.attachment(blobId)).toEqual(bytes);
  one.net.online = false;
  expect(await one.mail.attachment(blobId)).toEqual(bytes);
  await expect(one.mail.attachment('Bnothing')).rejects.toMatchObject({ kind: 'offline' });
});

test('one tab leads, the others follow, and take over when it ends', async () => {
  server.arrive({ subject: 'eins' });
  const one = await tab();
  await one.mail.sync();
  const two = await tab();
  let told = 0;
  two.mail.onChange(() => {
    told += 1;
  });
  const asked = server.requests.length;
  server.arrive({ subject: 'zwei', atMs: profile.clock.now() + SECOND_MS });
  await two.mail.sync();
  expect(server.requests.length).toBeGreaterThan(asked);
  expect(await subjects(two)).toEqual(['zwei', 'eins']);
  expect(told).toBeGreaterThan(0);
  await two.mail.change([...server.emails.keys()], { kind: 'keyword', keyword: 'seen', on: true });
  await two.mail.sync();
  expect(
    (await one.mail.list('mbx-inbox', 0, 9)).items.map(({ unreadCount }) => unreadCount),
  ).toEqual([0, 0]);
  await one.kill();
  server.arrive({ subject: 'drei', atMs: profile.clock.now() + 2 * SECOND_MS });
  await two.mail.sync();
  expect((await subjects(two))[0]).toBe('drei');
  expect(two.mail.line()).toBe('online');
});

test('the server pushes; where it does not, it is asked after pauses that grow', async () => {
  const one = await tab();
  await one.mail.sync();
  expect(one.net.pushes).toHaveLength(1);
  const next = () =>
    new Promise<void>((resolve) => {
      const stop = one.mail.onChange(() => {
        if (one.mail.line() !== 'online') return;
        stop();
        resolve();
      });
    });
  server.requests.length = 0;
  one.net.pushes[0]?.heard({ Email: String(server.states.Email) });
  expect(server.requests).toEqual([]);
  server.arrive({ subject: 'gedrückt' });
  let done = next();
  one.net.pushes[0]?.heard({ Email: String(server.states.Email) });
  await done;
  expect(await subjects(one)).toEqual(['gedrückt']);
  one.net.pushes[0]?.ended();
  profile.clock.advance(14 * SECOND_MS);
  server.arrive({ subject: 'gefragt', atMs: profile.clock.now() });
  done = next();
  profile.clock.advance(SECOND_MS);
  await done;
  expect((await subjects(one))[0]).toBe('gefragt');
  expect(one.net.pushes, 'and it is listened to again').toHaveLength(1);
});

test('without a session it says so, and goes on after the next sign-in', async () => {
  const one = await tab();
  await one.mail.sync();
  server.signedIn = false;
  await expect(one.mail.sync()).rejects.toMatchObject({ kind: 'signed_out' });
  await one.mail.saveDraft(draft());
  expect(one.mail.waiting()).toBe(1);
  server.signedIn = true;
  await one.mail.sync();
  expect(server.emails.size).toBe(1);
});

test('locked, everything refuses', async () => {
  const one = await tab();
  await one.mail.sync();
  one.container.lock();
  for (const act of [
    one.mail.list('mbx-inbox', 0, 1),
    one.mail.change(['x'], { kind: 'keyword', keyword: 'seen', on: true }),
    one.mail.send(draft()),
    one.mail.sync(),
  ]) {
    await expect(act).rejects.toMatchObject({ kind: 'locked' });
  }
});

test('older mail of a folder is read when somebody looks for it', async () => {
  const day = 24 * 60 * 60 * SECOND_MS;
  for (let number = 0; number < 900; number += 1) {
    server.arrive({ subject: `Akte ${number}`, atMs: profile.clock.now() - number * day });
  }
  const one = await tab();
  await one.mail.sync();
  const asked = server.requests.length;
  expect((await one.mail.list('mbx-inbox', 470, 20)).items).toHaveLength(20);
  expect(server.requests.length, 'what is here is not asked for').toBe(asked);
  const page = await one.mail.list('mbx-inbox', 880, 50);
  expect(page.items.map(({ newest }) => newest.subject).at(-1)).toBe('Akte 899');
  expect(page).toMatchObject({ more: false });
  expect(page.items).toHaveLength(20);
});
