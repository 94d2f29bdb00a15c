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

let profile: TestProfile;
let server: TestServer;
let shell: PostShell;
let authenticator: TestAuthenticator;
let kept: number;

beforeEach(async () => {
  profile = new TestProfile();
  server = await TestServer.start();
  authenticator = new TestAuthenticator();
  kept = 0;
  shell = opened();
});

test('the first visit makes a container, the next one unlocks it', async () => {
  await shell.ask();
  expect(shell.state()).toMatchObject({ at: 'new', emptied: 'first', working: false });
  await shell.create(PASSPHRASE);
  expect(shell.state()).toMatchObject({ at: 'unlocked' });
  expect(server.generation).toBeGreaterThan(0);

  const later = opened();
  await later.ask();
  expect(later.state()).toMatchObject({ at: 'locked', locked: null });
  await later.unlock(PASSPHRASE);
  expect(later.state()).toMatchObject({ at: 'unlocked' });
});

test('a wrong passphrase and a pause that the server wants are said beside the field', async () => {
  const other = await lockedShell();
  await other.unlock('Linde-Fluss-28');
  expect(other.state()).toMatchObject({
    at: 'locked',
    working: false,
    complaint: { kind: 'wrong_passphrase' },
    attempts: 1,
  });
  server.refuses = { kind: 'wait', seconds: 8 };
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ complaint: { kind: 'wait', seconds: 8 }, attempts: 2 });
  server.refuses = null;
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'unlocked' });
});

test('a sign-in that is too old asks for a new one, before anything is typed and after', async () => {
  const other = await lockedShell();
  server.fresh = false;
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'not_fresh' });
  await other.ask();
  expect(other.state()).toMatchObject({ at: 'not_fresh' });
});

test('why it was locked is told: asked for, in another tab, by time, or by leaving the page', async () => {
  await shell.ask();
  await shell.create(PASSPHRASE);
  const other = await unlocked();

  shell.lock();
  await settled(shell, { at: 'locked', locked: 'asked' });
  await settled(other, { at: 'locked', locked: 'elsewhere' });

  await shell.unlock(PASSPHRASE);
  profile.clock.advance(11 * MINUTE_MS);
  await settled(shell, { at: 'locked', locked: 'idle' });
});

test('a container that the browser cleared is made anew, with the reason', async () => {
  await shell.ask();
  await shell.create(PASSPHRASE);
  const before = server.share;
  profile = new TestProfile();
  const later = opened();
  await later.ask();
  expect(later.state()).toMatchObject({ at: 'new', emptied: 'evicted' });
  await later.create(PASSPHRASE);
  expect(later.state()).toMatchObject({ at: 'unlocked' });
  expect(server.share).not.toEqual(before);
});

test('a wipe by the control desk clears the disk at the next contact, also of an open page', async () => {
  const other = await lockedShell();
  server.share = null;
  await other.ask();
  expect(other.state()).toMatchObject({ at: 'new', emptied: 'wiped_by_desk' });
  expect(await other.container.state()).toBe('none');

  await other.create(PASSPHRASE);
  server.share = null;
  profile.clock.advance(MINUTE_MS);
  await settled(other, { at: 'new', emptied: 'wiped_by_desk' });
  expect(await other.container.state()).toBe('none');
  expect(kept).toBe(2);
});

test('a share that vanishes between the question and the passphrase is a wipe too', async () => {
  const other = await lockedShell();
  server.share = null;
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'new', emptied: 'wiped_by_desk' });
});

test('a blocked device is cleared, one that waits keeps what it has', async () => {
  const other = await lockedShell();
  server.refuses = { kind: 'device', is: 'pending' };
  await other.ask();
  expect(other.state()).toEqual({ at: 'device', is: 'pending' });
  expect(await other.container.state()).toBe('locked');
  server.refuses = { kind: 'device', is: 'blocked' };
  await other.ask();
  expect(other.state()).toEqual({ at: 'device', is: 'blocked' });
  expect(await other.container.state()).toBe('none');
});

test('the end of the session closes what is open', async () => {
  await shell.ask();
  await shell.create(PASSPHRASE);
  server.refuses = { kind: 'signed_out' };
  await Promise.all([shell.contact(), shell.contact()]);
  expect(shell.state()).toEqual({ at: 'signed_out', wasOpen: true });
  expect(await shell.container.state()).toBe('locked');
});

test('without a line nothing that is open closes, and what is locked waits for the line', async () => {
  const other = await unlocked(await lockedShell());
  server.refuses = { kind: 'no_line' };
  await other.contact();
  expect(other.state()).toMatchObject({ at: 'unlocked' });
  other.lock();
  await settled(other, { at: 'no_line', container: 'locked', locked: 'asked' });
  server.refuses = null;
  profile.clock.advance(5_000);
  await settled(other, { at: 'locked', locked: 'asked' });
});

test('an older disk, an altered policy and a foreign share end at a page of their own', async () => {
  const other = await lockedShell();
  server.generation += 1_000;
  await other.ask();
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'defect', defect: 'older_disk' });

  server.generation = 0;
  const forger = await TestServer.start();
  vi.spyOn(server, 'standing').mockImplementationOnce(async () => ({
    ...(await forger.standing()),
    share: { exists: true, generation: 0 },
  }));
  await other.ask();
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'defect', defect: 'altered_policy' });

  server.share = new Uint8Array(32);
  await other.ask();
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'defect', defect: 'foreign_share' });
  await other.wipe();
  expect(other.state()).toMatchObject({ at: 'new', emptied: 'wiped_here' });
});

test('whoever forgot the passphrase deletes the container, also where the server cannot be told', async () => {
  const other = await lockedShell();
  server.refuses = { kind: 'no_line' };
  await other.wipe();
  expect(other.state()).toMatchObject({ at: 'no_line', container: 'none' });
  expect(server.share).not.toBeNull();
  server.refuses = null;
  await other.ask();
  expect(other.state()).toMatchObject({ at: 'new', emptied: 'evicted' });
});

test('a container that could not be made leaves no share behind', async () => {
  await shell.ask();
  vi.spyOn(shell.container, 'create').mockRejectedValueOnce(new Error('no disk'));
  await shell.create(PASSPHRASE);
  expect(shell.state()).toMatchObject({
    at: 'new',
    working: false,
    complaint: { kind: 'unexpected' },
  });
  expect(server.share).toBeNull();
});

test('of two tabs that make a container, the second unlocks what the first has made', async () => {
  const other = opened();
  await Promise.all([shell.ask(), other.ask()]);
  await shell.create(PASSPHRASE);
  await other.create('Wiese-Wolke-31');
  expect(other.state()).toMatchObject({ at: 'locked' });
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'unlocked' });
});

test('the passphrase changes, and a wrong one is refused by name', async () => {
  await shell.ask();
  await shell.create(PASSPHRASE);
  await expect(shell.changePassphrase('Linde-Fluss-28', 'Wiese-Wolke-31')).rejects.toMatchObject({
    refusal: { kind: 'wrong_passphrase' },
  });
  await shell.changePassphrase(PASSPHRASE, 'Wiese-Wolke-31');
  shell.lock();
  await settled(shell, { at: 'locked' });
  await shell.unlock('Wiese-Wolke-31');
  expect(shell.state()).toMatchObject({ at: 'unlocked' });
});

test('an open page tells how far its container is', async () => {
  await shell.ask();
  await shell.create(PASSPHRASE);
  const before = server.generation;
  await shell.container.records.put('mails', 'm1', 'one');
  await shell.contact();
  expect(server.generation).toBeGreaterThan(before);
});

test('terms of use come before everything else, and again when they change', async () => {
  server.terms = { version: 'v1', de: 'Nur dienstlich.', en: '', app: null };
  await shell.ask();
  expect(shell.state()).toMatchObject({ at: 'terms', standing: { terms: { version: 'v1' } } });
  // Another text since it was shown.
  server.terms = { version: 'v2', de: 'Nur dienstlich!', en: '', app: null };
  await shell.acceptTerms();
  expect(shell.state()).toMatchObject({ at: 'terms', standing: { terms: { version: 'v2' } } });
  await shell.acceptTerms();
  expect(shell.state()).toMatchObject({ at: 'new' });
  // Set while the passphrase was being typed.
  server.terms = { version: 'v3', de: 'Nur dienstlich, bitte.', en: '', app: null };
  await shell.create(PASSPHRASE);
  expect(shell.state()).toMatchObject({ at: 'terms', working: false });
  expect(await shell.container.state()).toBe('none');
  await shell.acceptTerms();
  await shell.create(PASSPHRASE);
  expect(shell.state()).toMatchObject({ at: 'unlocked' });
});

test('a suspended device keeps what it has, and is told when it may go on', async () => {
  const other = await lockedShell();
  server.refuses = { kind: 'device', is: 'suspended' };
  await other.ask();
  expect(other.state()).toEqual({ at: 'device', is: 'suspended' });
  expect(await other.container.state()).toBe('locked');
  server.refuses = null;
  profile.clock.advance(5_000);
  await settled(other, { at: 'locked' });
});

test('a limit of the administration stands beside the form', async () => {
  const other = await lockedShell();
  server.refuses = { kind: 'too_old', browser: 'Chrome 90', least: 120 };
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'locked', complaint: { kind: 'too_old', least: 120 } });
});

function opened(): PostShell {
  const container = new Container(profile.tab());
  const { clock } = profile;
  const keepPage = () => (kept += 1);
  return new PostShell({ container, server, clock, authenticator, cost: CHEAP, keepPage });
}

/** A tab of a device whose container was made by another tab before. */
async function lockedShell(): Promise<PostShell> {
  await shell.ask();
  await shell.create(PASSPHRASE);
  shell.lock();
  await settled(shell, { at: 'locked' });
  await shell.container.close();
  const other = opened();
  await other.ask();
  expect(other.state()).toMatchObject({ at: 'locked' });
  return other;
}

async function unlocked(other = opened()): Promise<PostShell> {
  await other.ask();
  await other.unlock(PASSPHRASE);
  expect(other.state()).toMatchObject({ at: 'unlocked' });
  return other;
}

/** What happens by itself has happened when the shell shows this. */
async function settled(one: PostShell, wanted: object): Promise<void> {
  await vi.waitFor(() => expect(one.state()).toMatchObject(wanted));
}
