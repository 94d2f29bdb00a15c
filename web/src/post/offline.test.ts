// @vitest-environment node
import { beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../features/mail/container/browser.fixture.ts';
import { Container } from '../features/mail/container/index.ts';
import { CHEAP } from '../features/mail/container/secrets.fixture.ts';
import { PostShell } from './controller.ts';
import { TestAuthenticator, TestServer } from './server.fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

const PASSPHRASE = 'Linde-Fluss-27';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let profile: TestProfile;
let server: TestServer;
let authenticator: TestAuthenticator;

beforeEach(async () => {
  profile = new TestProfile();
  server = await TestServer.start();
  server.offlineUntilMs = profile.clock.now() + 7 * DAY_MS;
  authenticator = new TestAuthenticator();
});

test('a person is asked once, and not at all where it is not granted or not possible', async () => {
  const shell = await made();
  expect(await shell.offline.isToBeAsked()).toBe(true);
  authenticator.hasPrf = false;
  expect([await shell.offline.standing(), await shell.offline.isToBeAsked()]).toEqual([
    'no_prf',
    false,
  ]);
  authenticator.hasPrf = true;
  await shell.offline.noteAsked();
  expect(await shell.offline.isToBeAsked()).toBe(false);
  expect(await shell.offline.standing()).toBe('off');

  await policy({ offlineUntilMs: null });
  await shell.contact();
  expect(await shell.offline.standing()).toBe('not_granted');
});

test('without a line passphrase and passkey open it, and show whose it is', async () => {
  await setUp();
  const later = await reloadedOffline();
  expect(later.state()).toMatchObject({ at: 'locked_offline', complaint: null });
  await later.unlockOffline('Linde-Fluss-28');
  expect(later.state()).toMatchObject({ complaint: { kind: 'wrong_passphrase' }, attempts: 1 });
  await later.unlockOffline(PASSPHRASE);
  expect(later.state()).toMatchObject({
    at: 'unlocked',
    isOffline: true,
    standing: { office: 'Stadt Auenbrück', person: { displayName: 'Jana Petersen' } },
  });
  expect(await later.offline.standing()).toBe('on');

  // Open it stays, and the line that is back is noticed.
  await later.contact();
  expect(later.state()).toMatchObject({ at: 'unlocked', isOffline: true });
  server.refuses = null;
  await later.contact();
  expect(later.state()).toMatchObject({ at: 'unlocked', isOffline: false });
});

test('a passkey that is gone opens nothing, and the line opens it as ever', async () => {
  await setUp();
  const later = await reloadedOffline();
  authenticator.isThere = false;
  await later.unlockOffline(PASSPHRASE);
  expect(later.state()).toMatchObject({
    at: 'locked_offline',
    complaint: { kind: 'no_authenticator' },
  });
  server.refuses = null;
  profile.clock.advance(5_000);
  await settled(later, { at: 'locked' });
  await later.unlock(PASSPHRASE);
  expect(later.state()).toMatchObject({ at: 'unlocked' });
});

test('once the period is over it does not open, and what is open locks', async () => {
  server.offlineUntilMs = profile.clock.now() + 5 * MINUTE_MS;
  await setUp();
  const later = await reloadedOffline();
  await later.unlockOffline(PASSPHRASE);
  profile.clock.sleep(5 * MINUTE_MS - 1);
  await later.contact();
  expect(later.state()).toMatchObject({ at: 'unlocked' });
  profile.clock.sleep(1);
  await later.contact();
  await settled(later, { at: 'no_line', shut: 'period', locked: 'over' });
  const again = await reloadedOffline();
  expect(again.state()).toMatchObject({ at: 'no_line', container: 'locked', shut: 'period' });
});

test('the period may end while the page waits for the passphrase', async () => {
  await setUp();
  const later = await reloadedOffline();
  profile.clock.sleep(8 * DAY_MS);
  await later.unlockOffline(PASSPHRASE);
  expect(later.state()).toMatchObject({ at: 'no_line', shut: 'period' });
});

test('a clock that was set back opens nothing', async () => {
  await setUp();
  profile.clock.sleep(-DAY_MS);
  const later = await reloadedOffline();
  await later.unlockOffline(PASSPHRASE);
  expect(later.state()).toMatchObject({ at: 'no_line', shut: 'clock' });
});

test('a device that was wiped meanwhile opens without a line until it hears of it', async () => {
  await setUp();
  server.share = null;
  const later = await reloadedOffline();
  await later.unlockOffline(PASSPHRASE);
  expect(later.state()).toMatchObject({ at: 'unlocked' });
  server.refuses = null;
  await later.contact();
  expect(later.state()).toMatchObject({ at: 'new', emptied: 'wiped_by_desk' });
  expect(await later.container.state()).toBe('none');
  server.refuses = { kind: 'no_line' };
  const after = opened();
  await after.ask();
  expect(after.state()).toMatchObject({ at: 'no_line', container: 'none' });
});

test('switched off, by the person or by the policy, it is gone from the disk', async () => {
  const shell = await setUp();
  await shell.offline.turnOff();
  expect(await shell.offline.standing()).toBe('off');
  await shell.offline.setUp({ name: 'j', displayName: 'Jana', language: null });
  expect(await shell.offline.standing()).toBe('on');
  await policy({ offlineUntilMs: null });
  await shell.contact();
  expect(await shell.container.offline()).toBe('none');
  const later = await reloadedOffline();
  expect(later.state()).toMatchObject({ at: 'no_line', shut: 'none' });
});

test('a locked container forgets at its next contact what is not granted any more', async () => {
  await setUp();
  expect((await reloadedOffline()).state()).toMatchObject({ at: 'locked_offline' });
  server.refuses = null;
  await policy({ offlineUntilMs: null });
  const heard = opened();
  await heard.ask();
  expect(heard.state()).toMatchObject({ at: 'locked' });
  expect(await heard.container.offline()).toBe('none');
  server.refuses = { kind: 'no_line' };
  const later = opened();
  await later.ask();
  expect(later.state()).toMatchObject({ at: 'no_line', shut: 'none' });
});

test('where phones are refused a phone opens no way, loses nothing, and opens once they are taken', async () => {
  const shell = await setUp();
  server.phonesRefused = true;
  await policy({ offlineUntilMs: null });
  await shell.contact();
  expect(shell.state(), 'what is open stays so').toMatchObject({ at: 'unlocked' });
  await shell.container.close();
  const later = opened();
  await later.ask();
  expect(later.state()).toEqual({ at: 'device', is: 'phone' });
  expect([await later.container.state(), await later.container.offline()]).toEqual([
    'locked',
    'none',
  ]);
  const changed = vi.fn();
  const stop = later.subscribe(changed);
  const asked = server.asked;
  await vi.waitFor(() => {
    profile.clock.advance(5_000);
    expect(server.asked).toBeGreaterThan(asked + 4);
  });
  expect(changed, 'nothing flickers while it still stands').not.toHaveBeenCalled();
  stop();

  server.phonesRefused = false;
  await later.ask();
  await later.unlock(PASSPHRASE);
  expect(later.state()).toMatchObject({ at: 'unlocked' });
});

test('a refused phone that opened without a line is shut once there is one', async () => {
  await setUp();
  const later = await reloadedOffline();
  await later.unlockOffline(PASSPHRASE);
  expect(later.state()).toMatchObject({ at: 'unlocked', isOffline: true });
  server.refuses = null;
  server.phonesRefused = true;
  await policy({ offlineUntilMs: null });
  await later.contact();
  expect(later.state()).toEqual({ at: 'device', is: 'phone' });
  expect([await later.container.state(), await later.container.offline()]).toEqual([
    'locked',
    'none',
  ]);
});

test('a phone that is refused between asking and opening says so', async () => {
  const shell = await made();
  await shell.container.close();
  const later = opened();
  await later.ask();
  server.phonesRefused = true;
  await later.unlock(PASSPHRASE);
  expect(later.state()).toEqual({ at: 'device', is: 'phone' });
});

test('a passkey without PRF is refused by name, and nothing is set up', async () => {
  const shell = await made();
  authenticator.hasPrf = false;
  const person = { name: 'j', displayName: 'Jana', language: null };
  await expect(shell.offline.setUp(person)).rejects.toMatchObject({ kind: 'no_prf' });
  expect(await shell.container.offline()).toBe('none');
});

function opened(): PostShell {
  const container = new Container(profile.tab());
  return new PostShell({ container, server, clock: profile.clock, authenticator, cost: CHEAP });
}

async function made(): Promise<PostShell> {
  const shell = opened();
  await shell.ask();
  await shell.create(PASSPHRASE);
  expect(shell.state()).toMatchObject({ at: 'unlocked', isOffline: false });
  return shell;
}

let before: PostShell;

async function setUp(): Promise<PostShell> {
  before = await made();
  await before.offline.setUp({ name: 'j.petersen', displayName: 'Jana Petersen', language: null });
  expect(await before.offline.standing()).toBe('on');
  return before;
}

/** The page is loaded anew, and there is no line. */
async function reloadedOffline(): Promise<PostShell> {
  server.refuses = { kind: 'no_line' };
  await before.container.close();
  const later = opened();
  await later.ask();
  return later;
}

/** The server's next policy. */
async function policy(change: { offlineUntilMs: number | null }): Promise<void> {
  server.serial += 1;
  Object.assign(server, change);
}

async function settled(one: PostShell, wanted: object): Promise<void> {
  await vi.waitFor(() => expect(one.state()).toMatchObject(wanted));
}
