// @vitest-environment node
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { TestFolder } from '../container/folder.fixture.ts';
import type { Draft } from '../model.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { json } from './jmap-shapes.fixture.ts';
import { type Opened, TestDevice } from './net.fixture.ts';

let server: FakeJmapServer;
let device: TestDevice;
let open: Opened | undefined;

beforeEach(() => {
  const profile = new TestProfile();
  profile.folder = new TestFolder().asHandle();
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

const BAD = new TextEncoder().encode('malware');
const isBad = (bytes: Uint8Array) => new TextDecoder().decode(bytes) === 'malware';

const draft = (given: Partial<Draft>): Draft => ({
  id: null,
  identityId: 'idn-1',
  to: [{ name: null, email: 'max@amt.example' }],
  cc: [],
  bcc: [],
  subject: 'Plan',
  text: 'Anbei',
  html: null,
  attachments: [],
  inReplyTo: null,
  references: [],
  answers: null,
  ...given,
});

test('malware is not sent, and holds up nothing else', async () => {
  server.scanner = (bytes) => (isBad(bytes) ? json({ code: 'malware_found' }, 422) : null);
  const { mail } = await tab();
  const bad = { kind: 'new' as const, name: 'a.pdf', type: 'application/pdf', bytes: BAD };
  await mail.send(draft({ attachments: [bad] }));
  await mail.send(draft({ subject: 'Ohne Anhang' }));
  await mail.sync();
  const refused = mail.sendings().filter(({ refusal }) => refusal !== null);
  expect(refused.map(({ refusal }) => refusal?.code)).toEqual(['malware']);
  expect([...server.emails.values()].map(({ subject }) => subject)).toEqual(['Ohne Anhang']);
});

test('what the scanner cannot look at now goes when it can', async () => {
  server.scanner = () => json({ code: 'scanner_unavailable' }, 503);
  const { mail } = await tab();
  const file = { kind: 'new' as const, name: 'a.pdf', type: 'application/pdf', bytes: BAD };
  await mail.send(draft({ attachments: [file] }));
  await mail.sync().catch(() => undefined);
  expect(mail.waiting()).toBe(1);
  server.scanner = () => null;
  await mail.sync();
  expect([mail.waiting(), server.emails.size]).toEqual([0, 1]);
});

test.each([
  ['malware_found', 'malware'],
  ['not_scanned', 'not_scanned'],
])('an attachment with %s stays shut, and is not kept', async (code, kind) => {
  server.blobs.set('B1', BAD);
  server.scanner = (bytes) => (isBad(bytes) ? json({ code }, 422) : null);
  const { mail } = await tab();
  for (let again = 0; again < 2; again += 1) {
    await expect(mail.attachment('B1')).rejects.toMatchObject({ kind });
  }
});
