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
let tab: Opened;

beforeEach(async () => {
  profile = new TestProfile();
  server = new FakeJmapServer(() => profile.clock.now());
  tab = await new TestDevice(profile, server).open();
  await tab.mail.sync();
});

afterEach(() => tab.kill());

/** Hands it in, the answer is lost, and the line is gone from then on. */
async function handInAndLoseTheAnswer(): Promise<string> {
  let lost = false;
  tab.net.fate = (_path, body) => {
    if (lost) return 'lost request';
    lost = body.includes('EmailSubmission/set');
    return lost ? 'lost answer' : 'fine';
  };
  const id = await tab.mail.send(DRAFT);
  await expect(tab.mail.sync()).rejects.toMatchObject({ kind: 'offline' });
  expect(tab.mail.sendings()).toMatchObject([{ state: 'waiting' }]);
  tab.net.fate = () => 'fine';
  expect(server.submissions).toHaveLength(1);
  return id;
}

test('an answer that was lost is learnt from what changed since', async () => {
  await handInAndLoseTheAnswer();
  await tab.mail.sync();
  expect(tab.mail.sendings()).toMatchObject([{ state: 'held' }]);
  expect(server.submissions).toHaveLength(1);
});

test('it is learnt among many others that were sent meanwhile', async () => {
  await handInAndLoseTheAnswer();
  for (let number = 0; number < 700; number += 1) {
    const { id } = server.arrive({ messageId: `other-${number}`, subject: 'andere' });
    server.submitElsewhere(id);
  }
  await tab.mail.sync();
  expect(tab.mail.sendings()).toMatchObject([{ state: 'held' }]);
  expect(server.submissions.filter(({ subject }) => subject === 'Bescheid')).toHaveLength(1);
});

test('where the server forgot what changed, its last submissions are asked', async () => {
  await handInAndLoseTheAnswer();
  server.forgotten = Math.max(...Object.values(server.states));
  await tab.mail.sync();
  expect(tab.mail.sendings()).toMatchObject([{ state: 'held' }]);
  expect(server.submissions).toHaveLength(1);
});

test('what cannot be learnt is uncertain, and goes again only when the person says so', async () => {
  const id = await handInAndLoseTheAnswer();
  // Another device removed the copy before this one could see it.
  server.destroy(server.submissions[0]?.emailId ?? '');
  await tab.mail.sync();
  await tab.mail.sync();
  const [sending] = tab.mail.sendings();
  expect(sending).toMatchObject({ id, state: 'uncertain', subject: 'Bescheid' });
  expect(tab.mail.waiting()).toBe(0);
  expect(server.submissions).toHaveLength(1);
  await tab.mail.settle(id, 'again');
  await tab.mail.sync();
  expect(tab.mail.sendings()).toMatchObject([{ id, state: 'held' }]);
  expect(server.submissions).toHaveLength(2);
  await expect(tab.mail.settle(id, 'again')).rejects.toMatchObject({ kind: 'refused' });
  await expect(tab.mail.settle(id, 'forget')).rejects.toMatchObject({ kind: 'refused' });
});

test('a server that ends between a message and its submission is asked for the submission alone', async () => {
  server.killAfter = 3;
  await tab.mail.send(DRAFT);
  await tab.mail.sync();
  expect([server.emails.size, server.submissions.length]).toEqual([1, 1]);
  expect([...(server.emails.values().next().value?.mailboxIds ?? [])]).toEqual(['mbx-sent']);
  expect(server.requests).toContainEqual(['EmailSubmission/set']);
});
