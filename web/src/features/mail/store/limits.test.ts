// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { TestFolder } from '../container/folder.fixture.ts';
import type { Draft } from '../model.ts';
import { MAX_ATTACHMENTS_BYTES, MAX_RECIPIENTS } from './draft.ts';
import { Files } from './files.ts';
import { Jmap } from './jmap.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { Kept } from './kept.ts';
import { type Opened, TestDevice } from './net.fixture.ts';
import { MAX_WAITING } from './queue.ts';
import { wordsOfHtml } from './shapes.ts';

vi.setConfig({ testTimeout: 120_000 });

let profile: TestProfile;
let folder: TestFolder;
let server: FakeJmapServer;
let device: TestDevice;
let open: Opened | undefined;

beforeEach(() => {
  profile = new TestProfile();
  folder = new TestFolder();
  profile.folder = folder.asHandle();
  server = new FakeJmapServer(() => profile.clock.now());
  device = new TestDevice(profile, server);
});

afterEach(async () => {
  await open?.kill();
  open = undefined;
});

async function tab(): Promise<Opened> {
  open = await device.open();
  await open.mail.sync();
  return open;
}

function draft(given: Partial<Draft> = {}): Draft {
  return {
    id: null,
    identityId: 'idn-1',
    to: [{ name: null, email: 'ben@amt.example' }],
    cc: [],
    bcc: [],
    subject: 'Bauantrag',
    text: '',
    html: null,
    attachments: [],
    inReplyTo: null,
    references: [],
    answers: null,
    ...given,
  };
}

test('so many changes wait and no more, and those that wait all go', async () => {
  const email = server.arrive();
  const { mail, net } = await tab();
  net.online = false;
  const flag = (on: boolean) =>
    mail.change([email.id], { kind: 'keyword', keyword: 'flagged', on });
  for (let number = 0; number < MAX_WAITING; number += 1) await flag(number % 2 === 1);
  await expect(flag(false)).rejects.toMatchObject({ kind: 'queue_full' });
  await expect(mail.send(draft())).rejects.toMatchObject({ kind: 'queue_full' });
  expect(mail.sendings(), 'what was refused is not shown as waiting').toEqual([]);
  net.online = true;
  await mail.sync();
  expect(mail.waiting()).toBe(0);
  expect(email.keywords.has('$flagged')).toBe(true);
});

test('one change of many messages is cut into what the server takes', async () => {
  for (let number = 0; number < 700; number += 1) server.arrive();
  const { mail } = await tab();
  const all = [...server.emails.keys()];
  await mail.change(all, { kind: 'keyword', keyword: 'seen', on: true });
  await mail.sync();
  expect([...server.emails.values()].every(({ keywords }) => keywords.has('$seen'))).toBe(true);
  expect(mail.dropped()).toEqual([]);
});

test('a draft has limits before it waits', async () => {
  const { mail } = await tab();
  const bytes = new Uint8Array(MAX_ATTACHMENTS_BYTES + 1);
  const large = draft({ attachments: [{ kind: 'new', name: 'x', type: 'a/b', bytes }] });
  const to = Array.from({ length: MAX_RECIPIENTS + 1 }, () => ({ name: null, email: 'a@b' }));
  for (const bad of [large, draft({ to }), draft({ text: 'a'.repeat(3_000_000) })]) {
    await expect(mail.saveDraft(bad)).rejects.toMatchObject({ kind: 'too_large' });
    await expect(mail.send(bad)).rejects.toMatchObject({ kind: 'too_large' });
  }
  await expect(mail.send(draft({ identityId: 'nobody' }))).rejects.toMatchObject({
    kind: 'refused',
  });
  expect(mail.waiting()).toBe(0);
});

test('without room nothing is taken that could be lost, and what is opened is shown all the same', async () => {
  const { mail } = await tab();
  server.blobs.set('Bplan', new Uint8Array(1_000));
  folder.roomBytes = 0;
  const bytes = new Uint8Array([1]);
  const attached = draft({ attachments: [{ kind: 'new', name: 'x', type: 'a/b', bytes }] });
  await expect(mail.send(attached)).rejects.toMatchObject({
    kind: 'queue_full',
    detail: 'the browser grants no more room on this device',
  });
  expect(mail.sendings()).toEqual([]);
  expect(await mail.attachment('Bplan')).toHaveLength(1_000);
});

test('so many bytes of attachments are kept, and those used longest ago go first', async () => {
  const { net, container } = await tab();
  const kept = await Kept.open(container, net);
  const files = new Files(container, kept, new Jmap(net), net, 2_500);
  for (const name of ['Bone', 'Btwo', 'Bthree']) {
    server.blobs.set(name, new Uint8Array(1_000));
    await files.read(name);
    profile.clock.advance(1_000);
  }
  const here = await Promise.all(
    ['Bone', 'Btwo', 'Bthree'].map(async (name) => (await container.blobs.size(name)) ?? 0),
  );
  expect(here).toEqual([0, 1_000, 1_000]);
  kept.close();
});

test('a mail that is one row of open brackets holds nothing up', () => {
  const hostile = ['<', '<style', '<script>', '&auml', '</'].map((part) => part.repeat(60_000));
  const began = performance.now();
  for (const html of hostile) wordsOfHtml(html);
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(
    wordsOfHtml('<style>p{}</style><p>Gr&uuml;&szlig;e<br>aus <b>Amt</b>').split(/\s+/),
  ).toEqual(['', 'Grüße', 'aus', 'Amt']);
});

test('ten thousand messages are listed without reading them', async () => {
  const { mail, container, net } = await tab();
  const kept = await Kept.open(container, net);
  const head = {
    from: [{ name: 'Ben', email: 'ben@amt.example' }],
    to: [],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'Bauantrag Lindenallee',
    preview: 'Guten Tag, anbei der Antrag mit allen Unterlagen.',
    mailboxIds: ['mbx-inbox'],
    seen: false,
    flagged: false,
    answered: false,
    draft: false,
    sizeBytes: 20_000,
    hasAttachment: false,
    waiting: false,
  };
  for (let page = 0; page < 10; page += 1) {
    await kept.change((writing) => {
      for (let number = page * 1_000; number < (page + 1) * 1_000; number += 1) {
        const threadId = `thr-${number >> 1}`;
        writing.putHead({ ...head, id: `old-${number}`, threadId, receivedAtMs: number });
      }
    });
  }
  kept.close();
  // Everything that the other tab wrote was heard.
  await mail.sync();
  const asked = vi.spyOn(container.records, 'getEach');
  const page = await mail.list('mbx-inbox', 100, 50);
  expect(page.items).toHaveLength(50);
  expect(page.items[0]).toMatchObject({ id: 'thr-4899', emailCount: 2, unreadCount: 2 });
  expect(asked.mock.calls.flatMap(([, ids]) => ids)).toHaveLength(50);
  asked.mockClear();
  const change = vi.spyOn(container.records, 'change');
  await mail.change(['old-7'], { kind: 'keyword', keyword: 'seen', on: true });
  const written = change.mock.calls.flatMap(([changes]) => changes);
  expect(written.length, 'the change and what counts it').toBeLessThanOrEqual(2);
});
