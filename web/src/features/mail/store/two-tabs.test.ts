// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import type { Draft } from '../model.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { type Opened, TestDevice } from './net.fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

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
  answers: null,
};

let profile: TestProfile;
let server: FakeJmapServer;
let one: Opened;
let other: Opened;

beforeEach(async () => {
  profile = new TestProfile();
  server = new FakeJmapServer(() => profile.clock.now());
  const device = new TestDevice(profile, server);
  one = await device.open();
  await one.mail.sync();
  other = await device.open();
});

afterEach(async () => {
  await other.kill();
  await one.kill();
});

const opened = (id: string, given: Partial<Draft> = {}) => ({ ...DRAFT, id, root: id, ...given });
const drafts = async () =>
  (await one.mail.list('mbx-drafts', 0, 10)).items.map(({ newest }) => newest.preview);
const delivered = async () => {
  await one.mail.sync();
  profile.clock.advance(20_000);
  server.deliver();
  return server.sent().length;
};

for (const online of [true, false]) {
  const line = online ? 'with a line' : 'without a line';

  test(`a draft that is open in two tabs goes out once, ${line}`, async () => {
    const id = await one.mail.saveDraft(DRAFT);
    if (online) await one.mail.sync();
    one.net.online = online;
    await one.mail.send(opened(id));
    await expect(other.mail.send(opened(id))).rejects.toMatchObject({ sent: true, draft: null });
    const differing = opened(id, { text: 'Guten Abend' });
    const told = await other.mail.send(differing).catch((fault: unknown) => fault);
    expect(told).toMatchObject({ kind: 'elsewhere', sent: true });
    one.net.online = true;
    expect(await delivered()).toBe(1);
    expect(await drafts()).toEqual(['Guten Abend']);
  });
}

test('both pressing at the same moment sends it once', async () => {
  const id = await one.mail.saveDraft(DRAFT);
  const all = await Promise.allSettled([one, other].map(({ mail }) => mail.send(opened(id))));
  expect(all.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await delivered()).toBe(1);
});

test('what is typed on in one tab once the other has sent it is a draft of its own', async () => {
  const id = await one.mail.saveDraft(DRAFT);
  await one.mail.send(opened(id));
  const told = await other.mail
    .saveDraft(opened(id, { text: 'Guten Abend' }))
    .catch((fault: unknown) => fault as { draft: string });
  const apart = (told as { draft: string }).draft;
  await other.mail.saveDraft({ ...opened(apart), text: 'Gute Nacht' });
  expect(await delivered()).toBe(1);
  expect(await drafts()).toEqual(['Gute Nacht']);
  await other.mail.send({ ...opened(apart), text: 'Gute Nacht' });
  expect(await delivered(), 'it goes when the person says so once more').toBe(2);
});

test('a draft that was first kept in one tab and sent from the other is known by its root', async () => {
  const id = await one.mail.saveDraft(DRAFT);
  await one.mail.sync();
  const [row] = (await one.mail.list('mbx-drafts', 0, 1)).items;
  await other.mail.send(opened(row?.newest.id ?? ''));
  await expect(one.mail.send(opened(id))).rejects.toMatchObject({ sent: true });
  expect(await delivered()).toBe(1);
});

test('a draft that another device threw away is kept as a new one', async () => {
  const id = await one.mail.saveDraft(DRAFT);
  await one.mail.sync();
  server.destroy([...server.emails.keys()][0] ?? '');
  await one.mail.sync();
  await expect(one.mail.send(opened(id))).rejects.toMatchObject({ kind: 'elsewhere', sent: false });
  expect(await delivered()).toBe(0);
  expect(await drafts()).toEqual(['Guten Tag']);
});

test('what was taken back can be sent again', async () => {
  const id = await one.mail.saveDraft(DRAFT);
  one.net.online = false;
  const sending = await one.mail.send(opened(id));
  expect(await one.mail.takeBack(sending)).toBe(true);
  const draft = await one.mail.draftOf(sending);
  expect(draft).toMatchObject({ subject: 'Bescheid', draft: true });
  await one.mail.send(opened(draft?.id ?? ''));
  one.net.online = true;
  expect(await delivered()).toBe(1);
});

test('reading waits for the line unseen; what was done on purpose is marked', async () => {
  const { id } = server.arrive();
  await one.mail.sync();
  one.net.online = false;
  await one.mail.change([id], { kind: 'keyword', keyword: 'seen', on: true, unasked: true });
  const head = async () => (await one.mail.list('mbx-inbox', 0, 1)).items[0]?.newest;
  expect(await head()).toMatchObject({ seen: true, waiting: false });
  expect(one.mail.waiting()).toBe(0);
  await one.mail.change([id], { kind: 'keyword', keyword: 'flagged', on: true });
  expect(await head()).toMatchObject({ flagged: true, waiting: true });
  expect(one.mail.waiting()).toBe(1);
});
