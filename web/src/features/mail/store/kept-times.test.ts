// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { TestFolder } from '../container/folder.fixture.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { KeptTimes, linkKind } from './kept-times.ts';
import { type Opened, TestDevice, type TestNet } from './net.fixture.ts';
import { type SyncTimes, USUAL_TIMES, type Wish } from './sync-times.ts';

// IndexedDB in memory is slow, and the machines that run this are busy.
vi.setConfig({ testTimeout: 60_000 });

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let profile: TestProfile;
let server: FakeJmapServer;
let device: TestDevice;
let open: Opened[];
let pause: number;
let ahead: Wish['ahead'];

beforeEach(() => {
  profile = new TestProfile();
  profile.folder = new TestFolder().asHandle();
  server = new FakeJmapServer(() => profile.clock.now());
  device = new TestDevice(profile, server);
  open = [];
  pause = 0;
  ahead = USUAL_TIMES;
});

afterEach(async () => {
  for (const one of open) await one.kill();
});

async function tab(): Promise<Opened> {
  const opened = await device.open((net: TestNet) => {
    net.wish = {
      pauseMs: () => pause,
      get ahead() {
        return ahead;
      },
    };
  });
  open.push(opened);
  return opened;
}

const subjects = async ({ mail }: Opened) =>
  (await mail.list('mbx-inbox', 0, 100)).items.map(({ newest }) => newest.subject);
/** What is asked of the server from now on is to be nothing. */
const asked = (one: Opened) => vi.spyOn(one.net, 'fetch');

test('what is pushed waits for its time, and what the person asks for does not', async () => {
  const one = await tab();
  await one.mail.sync();
  pause = 5 * MINUTE_MS;
  server.arrive({ subject: 'Akte', text: 'Inhalt' });
  const fetched = asked(one);
  for (const push of one.net.pushes) push.heard({ Email: 'another' });
  one.net.wake();
  profile.clock.advance(5 * MINUTE_MS - 1);
  expect(fetched).not.toHaveBeenCalled();
  expect(one.mail.line()).toBe('online');

  await one.mail.sync();
  expect(await subjects(one)).toEqual(['Akte']);
});

test('when its time has come it happens by itself', async () => {
  const one = await tab();
  await one.mail.sync();
  pause = 5 * MINUTE_MS;
  server.arrive({ subject: 'Akte', text: 'Inhalt' });
  for (const push of one.net.pushes) push.heard({ Email: 'another' });
  pause = 0;
  profile.clock.advance(5 * MINUTE_MS);
  await vi.waitFor(async () => expect(await subjects(one)).toEqual(['Akte']));
});

test('what was done here goes at once, whatever the time', async () => {
  server.arrive({ subject: 'Akte', text: 'Inhalt' });
  const one = await tab();
  await one.mail.sync();
  pause = 5 * MINUTE_MS;
  const [thread] = (await one.mail.list('mbx-inbox', 0, 1)).items;
  await one.mail.change([thread?.newest.id ?? ''], {
    kind: 'keyword',
    keyword: 'seen',
    on: true,
  });
  await vi.waitFor(() => expect(one.mail.waiting()).toBe(0));
});

test('the first fill does not wait: without it there is nothing to show', async () => {
  server.arrive({ subject: 'Akte', text: 'Inhalt' });
  pause = 5 * MINUTE_MS;
  const one = await tab();
  await vi.waitFor(async () => expect(await subjects(one)).toEqual(['Akte']));
});

test('mail that is opened outside its time shows what is here, and waits', async () => {
  server.arrive({ subject: 'Akte', text: 'Inhalt' });
  const one = await tab();
  await one.mail.sync();
  await one.kill();
  pause = 5 * MINUTE_MS;
  const other = await tab();
  await vi.waitFor(() => expect(other.mail.line()).toBe('online'));
  expect(await subjects(other)).toEqual(['Akte']);
});

test('texts that are not wanted are not kept, and come back with another choice', async () => {
  const now = profile.clock.now();
  // Behind what lists show of a text: that is kept in any case.
  const long = (word: string) => `${'und so weiter '.repeat(100)}${word}`;
  server.arrive({ subject: 'Alt', text: long('Kartoffel'), atMs: now - 20 * DAY_MS });
  server.arrive({ subject: 'Neu', text: long('Erdbeere'), atMs: now });
  const one = await tab();
  await one.mail.sync();
  const kept = async () => {
    one.net.online = false;
    const found = await Promise.all(
      ['kartoffel', 'erdbeere'].map(async (word) => {
        const { items } = await one.mail.search(word, null, 10);
        return items.length;
      }),
    );
    one.net.online = true;
    return found;
  };
  expect(await kept()).toEqual([1, 1]);
  ahead = { days: 7, without: [] };
  await one.mail.sync();
  expect(await kept()).toEqual([0, 1]);
  expect(await subjects(one)).toEqual(['Neu', 'Alt']);
  ahead = { days: 7, without: ['mbx-inbox'] };
  await one.mail.sync();
  expect(await kept()).toEqual([0, 0]);
  ahead = USUAL_TIMES;
  await one.mail.sync();
  expect(await kept()).toEqual([1, 1]);
});

test('the choice lies in the container, and holds in all tabs at once', async () => {
  const [one, other] = [await tab(), await tab()];
  const link = () => 'unknown' as const;
  const times = (of: Opened) =>
    KeptTimes.open({ container: of.container, clock: profile.clock, line: of.net.line, link });
  const [here, there] = [await times(one), await times(other)];
  expect(here.times).toEqual(USUAL_TIMES);
  const heard = new Promise<void>((resolve) => there.onChange(() => resolve()));
  const wanted: SyncTimes = { ...USUAL_TIMES, everyMin: 30, days: 14 };
  await here.choose(wanted);
  await heard;
  expect(there.times).toEqual(wanted);
  expect(there.pauseMs(profile.clock.now())).toBe(15 * MINUTE_MS);
  const later = await times(one);
  expect(later.times).toEqual(wanted);
  for (const all of [here, there, later]) all.close();
});

test('the line is mobile where the browser says so, and unknown where it says nothing', () => {
  const said = (connection: unknown) => {
    Object.defineProperty(globalThis, 'navigator', { value: { connection }, configurable: true });
    return linkKind();
  };
  expect(
    [undefined, {}, { type: 'unknown' }, { type: 'wifi' }, { type: 'cellular' }].map(said),
  ).toEqual(['unknown', 'unknown', 'unknown', 'other', 'mobile']);
});
