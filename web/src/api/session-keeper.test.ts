import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Session } from './session-keeper.ts';

const MINUTE_MS = 60_000;

const session = (idleMinutes: number): Session =>
  ({
    rotate_by: new Date(Date.now() + 600 * MINUTE_MS).toISOString(),
    idle_expires_at: new Date(Date.now() + idleMinutes * MINUTE_MS).toISOString(),
    expires_at: new Date(Date.now() + 600 * MINUTE_MS).toISOString(),
  }) as Session;

describe('a page that asks for nothing', () => {
  const onEnded = vi.fn();
  const ask = vi.fn<typeof fetch>();

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.resetModules();
    vi.stubGlobal('fetch', ask);
    // Here a page has no address that others could be relative to.
    const Whole = class extends Request {
      constructor(asked: string, init?: RequestInit) {
        super(new URL(asked, 'https://amt.example'), init);
      }
    };
    vi.stubGlobal('Request', Whole);
    const locks = { request: (_name: string, deed: () => Promise<boolean>) => deed() };
    Object.defineProperty(navigator, 'locks', { value: locks, configurable: true });
    ask.mockImplementation(async () => new Response(null, { status: 204 }));
    const keeper = await import('./session-keeper.ts');
    keeper.keepSession({
      onSession: () => undefined,
      onEnded,
      onSignedIn: () => undefined,
      isWatched: () => true,
    });
    keeper.sessionFound(session(30));
  });

  afterEach(() => {
    vi.clearAllTimers();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.clearAllMocks();
    localStorage.clear();
  });

  it('notices within five seconds that its session was ended', async () => {
    ask.mockImplementation(async () => new Response('{}', { status: 401 }));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(onEnded).toHaveBeenCalledExactlyOnceWith('ended');
    const asked = ask.mock.calls.length;
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(ask).toHaveBeenCalledTimes(asked);
  });

  it('signs out who has left the desk, though a page may keep asking', async () => {
    await vi.advanceTimersByTimeAsync(29 * MINUTE_MS);
    expect(onEnded).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(onEnded).toHaveBeenCalledExactlyOnceWith('ended');
    const ended = ask.mock.calls
      .map(([asked]) => asked)
      .filter((asked) => asked instanceof Request && asked.method === 'DELETE') as Request[];
    // Whose device is told of new mail did not sign out by that.
    expect(
      ended.map(({ method, url }) => `${method} ${new URL(url).pathname}${new URL(url).search}`),
    ).toEqual(['DELETE /api/v1/session?idle=true']);
  });

  it('stays while somebody works, here or in another tab', async () => {
    await vi.advanceTimersByTimeAsync(20 * MINUTE_MS);
    localStorage.setItem('fernamt-active', String(Date.now()));
    await vi.advanceTimersByTimeAsync(20 * MINUTE_MS);
    expect(onEnded).not.toHaveBeenCalled();
  });
});
