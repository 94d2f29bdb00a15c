// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { type Opened, TestDevice } from './net.fixture.ts';
import { MAX_PEOPLE } from './people.ts';

vi.setConfig({ testTimeout: 60_000 });

let profile: TestProfile;
let server: FakeJmapServer;
let device: TestDevice;
let open: Opened[];

beforeEach(() => {
  profile = new TestProfile();
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

const named = (name: string | null, email: string) => [{ name, email }];

test('whether mail leaves the house is learnt from the session, and known without a line', async () => {
  const first = await tab();
  expect(first.mail.leavesHouse()).toBe(false);
  await first.kill();
  server.settings.outside = true;
  const second = await tab();
  await vi.waitFor(() => expect(second.mail.leavesHouse()).toBe(true));
  await second.kill();
  const third = await device.open((net) => {
    net.online = false;
  });
  open.push(third);
  expect(third.mail.leavesHouse()).toBe(true);
});

test('people are suggested that were written to or received from, and not those of the junk', async () => {
  const own = named('Ada Amt', 'ada@amt.example');
  server.arrive({ from: named('Bernd Ärmel', 'b.aermel@kreis.example') });
  server.arrive({
    from: own,
    to: named(null, 'berta@kreis.example'),
    mailboxIds: new Set(['mbx-sent']),
  });
  server.arrive({
    from: named('Bernhard Falsch', 'x@spam.example'),
    mailboxIds: new Set(['mbx-junk']),
  });
  const { mail, net } = await tab();
  net.online = false;
  const found = await mail.people('be', 10);
  expect(found.map(({ email }) => email)).toEqual([
    'berta@kreis.example',
    'b.aermel@kreis.example',
  ]);
  expect(await mail.people('kreis arm', 10)).toEqual(
    named('Bernd Ärmel', 'b.aermel@kreis.example'),
  );
  expect(await mail.people('ada', 10)).toEqual([]);
});

test('no more people are remembered than may be', async () => {
  for (let number = 0; number < MAX_PEOPLE + 10; number += 1) {
    const atMs = profile.clock.now() - number * 1_000;
    server.arrive({ from: named(null, `p${number}@kreis.example`), atMs });
  }
  const { mail, net } = await tab();
  net.online = false;
  expect(await mail.people('kreis', MAX_PEOPLE * 2)).toHaveLength(MAX_PEOPLE);
});

test('people of the house are asked for where the server tells of them', async () => {
  server.settings.principals = [{ id: 'p-mira', name: 'Mira Moor', email: 'mira@amt.example' }];
  const { mail } = await tab();
  expect(await mail.people('m', 5), 'one letter is not asked for').toEqual([]);
  expect(await mail.people('mi', 5)).toEqual(named('Mira Moor', 'mira@amt.example'));
});

test('an absence is set with a line, and known without one', async () => {
  const { mail, net } = await tab();
  expect(await mail.absence()).toMatchObject({ on: false, text: '' });
  const untilMs = Math.ceil(profile.clock.now() / 1_000) * 1_000 + 86_400_000;
  const absence = {
    on: true,
    fromMs: null,
    untilMs,
    subject: '',
    text: 'Ab Montag wieder da.',
    answersOutside: true,
    outsideText: null,
  };
  await mail.setAbsence(absence);
  expect(server.settings.vacation).toMatchObject({ isEnabled: true, textBody: absence.text });
  net.online = false;
  expect(await mail.absence()).toEqual(absence);
  await expect(mail.setAbsence({ ...absence, on: false })).rejects.toMatchObject({
    kind: 'offline',
  });
  expect(await mail.absence()).toEqual(absence);
  for (const long of [{ text: 'x'.repeat(50_001) }, { outsideText: 'ü'.repeat(25_001) }]) {
    await expect(mail.setAbsence({ ...absence, ...long })).rejects.toMatchObject({
      kind: 'too_large',
    });
  }
});

test('what those outside are answered is set beside the rest, and read on another device', async () => {
  const first = await tab();
  const alike = { on: true, fromMs: null, untilMs: null, subject: '', text: 'Durchwahl 4711' };
  await first.mail.setAbsence({ ...alike, answersOutside: false, outsideText: ' Bin verreist\n' });
  expect(server.settings.vacation).toMatchObject({
    textBody: 'Durchwahl 4711',
    isEnabledOutside: false,
    textBodyOutside: 'Bin verreist',
  });
  await first.kill();
  server.settings.vacation.isEnabledOutside = true;
  const second = await tab();
  await vi.waitFor(async () =>
    expect(await second.mail.absence()).toEqual({
      ...alike,
      answersOutside: true,
      outsideText: 'Bin verreist',
    }),
  );
});

test('what an older page kept says nothing of those outside, who are answered like all', async () => {
  const first = await tab();
  const old = { on: true, fromMs: null, untilMs: null, subject: '', text: 'Weg' };
  await first.container.records.put('mail', 'absence', old);
  await first.kill();
  const { mail, net } = await tab();
  net.online = false;
  expect(await mail.absence()).toEqual({ ...old, answersOutside: true, outsideText: null });
});

test('an absence that was set on another device is told', async () => {
  const { mail } = await tab();
  await mail.absence();
  server.settings.vacation.isEnabled = true;
  profile.clock.advance(6 * 60_000);
  let told = 0;
  mail.onChange(() => {
    told += 1;
  });
  expect((await mail.absence())?.on).toBe(false);
  await vi.waitFor(() => expect(told).toBeGreaterThan(0));
  expect((await mail.absence())?.on).toBe(true);
});

test('an absence that ended on the server is told as soon as that is pushed', async () => {
  const { mail, net } = await tab();
  server.settings.vacation.isEnabled = true;
  expect((await mail.absence())?.on).toBe(true);
  server.settings.vacation.isEnabled = false;
  server.settings.vacationState += 1;
  await vi.waitFor(() => expect(net.pushes.length).toBeGreaterThan(0));
  for (const push of net.pushes) push.heard({ VacationResponse: '2' });
  await vi.waitFor(async () => expect((await mail.absence())?.on).toBe(false));
});

test('a folder is made, renamed, moved and removed, and what lay in it lies in the trash', async () => {
  const { mail } = await tab();
  const parent = await mail.createMailbox('Projekte');
  const { id } = await mail.createMailbox('Winter', parent.id);
  expect((await mail.mailboxes()).find((box) => box.id === id)).toMatchObject({
    name: 'Winter',
    parentId: parent.id,
  });
  await expect(mail.createMailbox('Winter')).rejects.toMatchObject({ kind: 'name_taken' });
  await mail.changeMailbox(id, { name: 'Sommer', parentId: null });
  expect((await mail.mailboxes()).find((box) => box.id === id)).toMatchObject({
    name: 'Sommer',
    parentId: null,
  });
  const { id: emailId } = server.arrive({ mailboxIds: new Set([id]) });
  await mail.destroyMailbox(id);
  expect(server.mailboxes.has(id)).toBe(false);
  expect([...(server.emails.get(emailId)?.mailboxIds ?? [])]).toEqual(['mbx-trash']);
  expect((await mail.mailboxes()).some((box) => box.id === id)).toBe(false);
  await expect(mail.changeMailbox(id, { name: 'x'.repeat(201) })).rejects.toMatchObject({
    kind: 'too_large',
  });
});

test('a signature is kept on the server and here', async () => {
  const { mail } = await tab();
  await mail.setSignature('idn-1', 'Ada Amt\nBauamt\n');
  expect(server.settings.identity.textSignature).toBe('Ada Amt\nBauamt');
  expect((await mail.identities())[0]?.textSignature).toBe('Ada Amt\nBauamt');
});

test('a thread is given to those alone who may work on it, whoever else was named', async () => {
  const { mail } = await tab();
  server.sharing.push('p-ole');
  server.reading.push('p-ole');
  server.works.set(server.arrive().threadId, { assignee: 'p-ole' });
  await mail.sync();
  expect(mail.team()?.people()).toEqual([
    { id: 'p-ada', name: 'Ada Amt', email: 'ada@amt.example' },
    { id: 'p-mira', name: 'Mira Moor', email: 'mira@amt.example' },
  ]);
});

test('a note that somebody else wrote while one was typing is replaced by nobody unseen', async () => {
  const { mail } = await tab();
  const { threadId } = server.arrive();
  server.works.set(threadId, { note: 'Rückruf' });
  await mail.sync();
  expect(mail.team()?.of(threadId)?.note).toBe('Rückruf');
  profile.clock.advance(1_000);
  server.works.set(threadId, { note: 'Akte liegt bei Mira' });
  await mail.sync();
  profile.clock.advance(1_000);
  // The page did not hear of it in time, and says what it knows.
  await mail.team()?.change(threadId, { what: 'note', value: 'Erledigt', was: 'Rückruf' });
  await mail.sync();
  expect(server.works.of(threadId).note).toBe('Erledigt');
  expect(mail.team()?.conflicts(threadId)).toMatchObject([
    { what: 'note', won: true, by: { id: 'p-mira' }, lost: 'Akte liegt bei Mira' },
  ]);
  await mail.team()?.change(threadId, { what: 'note', value: 'Neu', was: 'Erledigt' });
  await mail.sync();
  expect(mail.team()?.conflicts(threadId), 'what one knew is no conflict').toHaveLength(1);
});
