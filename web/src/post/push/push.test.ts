// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { USUAL_TIMES } from '../../features/mail/store/sync-times.ts';
import { Push, type PushBrowser } from './push.ts';
import { PushRefused, pushServer } from './push-server.ts';

const KEY = 'BAAB-_8';
const KEY_BYTES = Uint8Array.from([4, 0, 1, 251, 255]);
const WANTED = { ...USUAL_TIMES, push: true, fromMin: 420, toMin: 1_080, without: ['mbx-2'] };

/** A place at a push service, with the key that it was made for. */
class Place {
  readonly endpoint: string;
  readonly options: { applicationServerKey: ArrayBuffer };
  isOver = false;

  constructor(number: number, key: Uint8Array) {
    this.endpoint = `https://push.example/${number}`;
    this.options = { applicationServerKey: key.slice().buffer as ArrayBuffer };
  }

  toJSON = () => ({ endpoint: this.endpoint, keys: { p256dh: 'point', auth: 'secret' } });

  unsubscribe = async () => {
    this.isOver = true;
    return true;
  };
}

let places: Place[];
let permission: NotificationPermission;
let hasKeeper: boolean;
let isAllowed: boolean;
let server: typeof pushServer;
let push: Push;
let browser: PushBrowser;
/** What the browser waits for before it names a place. */
let finding: Promise<void>;

beforeEach(() => {
  places = [];
  finding = Promise.resolve();
  permission = 'granted';
  hasKeeper = true;
  isAllowed = true;
  const keeper = {
    getSubscription: async () => places.find(({ isOver }) => !isOver) ?? null,
    subscribe: async ({ userVisibleOnly, applicationServerKey }: PushSubscriptionOptionsInit) => {
      expect(userVisibleOnly).toBe(true);
      await finding;
      places.push(new Place(places.length, applicationServerKey as Uint8Array));
      return places.at(-1);
    },
  };
  browser = {
    keeper: async () => (hasKeeper ? keeper : null),
    permission: () => permission,
    language: () => 'en',
  } as unknown as PushBrowser;
  server = {
    standing: vi.fn(async () => ({ isAllowed, key: KEY, until: null })),
    subscribe: vi.fn(async () => {}),
    unsubscribe: vi.fn(async () => {}),
  };
  push = new Push(browser, server);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('the server is told where this browser is told, and when the person wants it', async () => {
  expect(await push.keep(WANTED)).toBe('done');
  const place = { endpoint: 'https://push.example/0', p256dh: 'point', auth: 'secret' };
  expect(server.subscribe).toHaveBeenCalledExactlyOnceWith(place, WANTED, 'en');
  expect([...new Uint8Array(places[0]?.options.applicationServerKey ?? [])]).toEqual([
    ...KEY_BYTES,
  ]);
  await push.keep(WANTED);
  expect(places).toHaveLength(1);
  expect(server.subscribe).toHaveBeenCalledTimes(2);
});

test('a place that was made for another server is given up', async () => {
  places = [new Place(0, Uint8Array.from([4, 9]))];
  await push.keep(WANTED);
  expect(places.map(({ isOver }) => isOver)).toEqual([true, false]);
  const [place] = vi.mocked(server.subscribe).mock.calls[0] ?? [];
  expect(place?.endpoint).toBe('https://push.example/1');
});

test('who does not want it any more is told no more, neither here nor there', async () => {
  await push.keep(WANTED);
  expect(await push.keep(USUAL_TIMES)).toBe('done');
  expect(server.unsubscribe).toHaveBeenCalledOnce();
  expect(places.map(({ isOver }) => isOver)).toEqual([true]);
});

test('what stands in the way is named, and no place is made', async () => {
  const tried = async () => [(await push.look()).state, await push.keep(WANTED)];
  hasKeeper = false;
  expect(await tried()).toEqual(['unsupported', 'unsupported']);
  hasKeeper = true;
  permission = 'denied';
  expect(await tried()).toEqual(['denied', 'denied']);
  permission = 'default';
  // Whether the person allows it is asked where they press, and not here.
  expect(await tried()).toEqual(['possible', 'denied']);
  permission = 'granted';
  isAllowed = false;
  expect(await tried()).toEqual(['off', 'off']);
  hasKeeper = false;
  expect(await tried()).toEqual(['off', 'unsupported']);
  hasKeeper = true;
  vi.mocked(server.standing).mockRejectedValue(new PushRefused('no_line'));
  expect(await tried()).toEqual(['unknown', 'no_line']);
  expect(places).toEqual([]);
  expect(server.subscribe).not.toHaveBeenCalled();
});

test('a push service that cannot be reached or is not named is told apart', async () => {
  vi.mocked(server.subscribe).mockRejectedValueOnce(new PushRefused('not_named'));
  expect(await push.keep(WANTED)).toBe('not_named');
  expect(places.map(({ isOver }) => isOver)).toEqual([true]);
  vi.mocked(server.subscribe).mockRejectedValueOnce(new PushRefused('no_line'));
  expect(await push.keep(WANTED)).toBe('no_line');
  expect(places.at(-1)?.isOver).toBe(false);
  places = [];
  finding = Promise.reject(new DOMException('push service error'));
  expect(await push.keep(WANTED)).toBe('no_service');
  expect(server.subscribe).toHaveBeenCalledTimes(2);
});

test('a push service that does not answer is not waited for, and what it names late is given up', async () => {
  vi.useFakeTimers();
  let named = () => {};
  finding = new Promise((resolve) => {
    named = resolve;
  });
  const wish = push.keep(WANTED);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await wish).toBe('no_service');
  await push.keep(USUAL_TIMES);
  named();
  await vi.waitFor(() => expect(places.map(({ isOver }) => isOver)).toEqual([true]));
  expect(server.subscribe).not.toHaveBeenCalled();
});

test('the last wish holds, whatever the one before it still waits for', async () => {
  let named = () => {};
  finding = new Promise((resolve) => {
    named = resolve;
  });
  const first = push.keep(WANTED);
  expect(await push.keep(USUAL_TIMES)).toBe('done');
  named();
  expect(await first).toBe('done');
  expect(server.subscribe).not.toHaveBeenCalled();
  expect(places.map(({ isOver }) => isOver)).toEqual([true]);
});

test('what is said to the server is said in order', async () => {
  let taken = () => {};
  vi.mocked(server.subscribe).mockImplementationOnce(
    () =>
      new Promise((resolve) => {
        taken = resolve;
      }),
  );
  const first = push.keep(WANTED);
  await vi.waitFor(() => expect(server.subscribe).toHaveBeenCalledOnce());
  const second = push.keep(USUAL_TIMES);
  expect(server.unsubscribe).not.toHaveBeenCalled();
  taken();
  await Promise.all([first, second]);
  expect(server.unsubscribe).toHaveBeenCalledOnce();
});

test('an opening without a line is made up for, unless the person chose otherwise meanwhile', async () => {
  const wakes: (() => void)[] = [];
  const onWake = (call: () => void) => {
    wakes.push(call);
    return () => {};
  };
  const missed = () => vi.mocked(server.standing).mockRejectedValueOnce(new PushRefused('no_line'));
  missed();
  push.keepOn(() => WANTED, onWake);
  await vi.waitFor(() => expect(server.standing).toHaveBeenCalledOnce());
  await vi.waitFor(() => {
    wakes[0]?.();
    expect(server.subscribe).toHaveBeenCalledOnce();
  });
  wakes[0]?.();
  expect(server.standing).toHaveBeenCalledTimes(2);

  missed();
  push = new Push(browser, server);
  push.keepOn(() => WANTED, onWake);
  await push.keep(USUAL_TIMES);
  wakes[1]?.();
  expect(server.standing).toHaveBeenCalledTimes(3);
  push.keepOn(() => USUAL_TIMES, onWake);
  expect(server.subscribe).toHaveBeenCalledOnce();
});

test('what may pass is tried again when the page wakes, and a plain no is not', async () => {
  const passing = ['no_line', 'unexpected'] as const;
  for (const [why, tries] of [...passing.map((one) => [one, 2] as const), ['off', 1] as const]) {
    server.subscribe = vi.fn(async () => {});
    vi.mocked(server.subscribe).mockRejectedValueOnce(new PushRefused(why));
    expect(await wokenAfter(), why).toBe(tries);
  }
  server.subscribe = vi.fn(async () => {});
  vi.spyOn(browser, 'keeper').mockRejectedValueOnce(new DOMException('push service error'));
  expect(await wokenAfter(), 'no_service').toBe(1);
});

/** How often the server was told, of an opening and of waking twice after it. */
async function wokenAfter(): Promise<number> {
  push = new Push(browser, server);
  const kept = vi.spyOn(push, 'keep');
  let wake = () => {};
  push.keepOn(
    () => WANTED,
    (call) => {
      wake = call;
      return () => {};
    },
  );
  for (let times = 0; times < 3; times += 1) {
    await Promise.allSettled(kept.mock.results.map(({ value }) => value));
    await new Promise(setImmediate);
    wake();
  }
  return vi.mocked(server.subscribe).mock.calls.length;
}

test('the server is asked in its own words', async () => {
  const asked = vi.fn<typeof fetch>(async () => Response.json({ enabled: true, server_key: KEY }));
  vi.stubGlobal('fetch', asked);
  expect(await pushServer.standing()).toEqual({ isAllowed: true, key: KEY, until: null });
  const place = { endpoint: 'https://push.example/0', p256dh: 'point', auth: 'secret' };
  await pushServer.subscribe(place, WANTED, 'de');
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  expect(JSON.parse(String(asked.mock.calls[1]?.[1]?.body))).toEqual({
    ...place,
    language: 'de',
    from_minute: 420,
    to_minute: 1_080,
    weekends: true,
    time_zone: timeZone,
    without: ['mbx-2'],
  });
  await pushServer.unsubscribe();
  expect(asked.mock.calls.map(([path, init]) => [path, init?.method])).toEqual([
    ['/api/v1/mail/push', 'GET'],
    ['/api/v1/mail/push', 'PUT'],
    ['/api/v1/mail/push', 'DELETE'],
  ]);
  for (const [status, code, why] of [
    [403, 'push_off', 'off'],
    [403, 'phones_refused', 'off'],
    [422, 'push_service_not_named', 'not_named'],
    [409, 'too_many', 'too_many'],
    [503, '', 'no_line'],
    [401, 'not_signed_in', 'unexpected'],
  ] as const) {
    asked.mockResolvedValueOnce(Response.json({ code }, { status }));
    await expect(pushServer.unsubscribe()).rejects.toMatchObject({ why });
  }
  asked.mockRejectedValueOnce(new TypeError('no line'));
  await expect(pushServer.standing()).rejects.toMatchObject({ why: 'no_line' });
  asked.mockResolvedValueOnce(new Response('<!doctype html>'));
  await expect(pushServer.standing()).rejects.toMatchObject({ why: 'unexpected' });
});
