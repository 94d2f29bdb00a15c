import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ActLost, ActRefused, MeetingSocket } from './socket.ts';

class StandIn extends EventTarget {
  static readonly OPEN = 1;
  static all: StandIn[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];

  constructor(readonly url: string) {
    super();
    StandIn.all.push(this);
  }

  send(text: string) {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close() {
    this.readyState = 3;
  }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  say(message: object) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }

  fail(code: number) {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent('close', { code }));
  }
}

const latest = () => StandIn.all.at(-1) as StandIn;

describe('the line of a meeting', () => {
  const seen = { lines: [] as boolean[], over: [] as string[] };
  let socket: MeetingSocket;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('WebSocket', StandIn);
    StandIn.all = [];
    seen.lines = [];
    seen.over = [];
    socket = new MeetingSocket(
      'meeting',
      { entry: 'entry', name: 'Ada' },
      {
        onMessage: () => undefined,
        onLine: (up) => seen.lines.push(up),
        onOver: (why) => seen.over.push(why),
      },
    );
    socket.open();
    latest().open();
  });
  afterEach(() => {
    socket.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const seated = () => latest().say({ message: 'welcome', resume: 'ticket-back' });

  it('says hello with the entry at first, and with its seat when it comes back', async () => {
    expect(latest().url).toContain('/api/v1/conference/meetings/meeting/socket');
    expect(latest().sent[0]).toEqual({ act: 'hello', entry: 'entry', name: 'Ada' });
    seated();
    latest().fail(1006);
    expect(seen.lines).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1_000);
    latest().open();
    expect(StandIn.all).toHaveLength(2);
    expect(latest().sent[0]).toEqual({ act: 'hello', resume: 'ticket-back' });
  });

  it('brings each answer to the one who asked', async () => {
    seated();
    const first = socket.act({ act: 'hand_raise' });
    const second = socket.act({ act: 'mute_all' });
    latest().say({ message: 'refused', re: 2, why: 'not_allowed' });
    latest().say({ message: 'done', re: 1 });
    await expect(first).resolves.toBeUndefined();
    await expect(second).rejects.toEqual(new ActRefused('not_allowed'));
  });

  it('does not leave anybody waiting for an answer that will not come', async () => {
    seated();
    const asked = socket.act({ act: 'hand_raise' });
    latest().fail(1006);
    await expect(asked).rejects.toBeInstanceOf(ActLost);
    await expect(socket.act({ act: 'hand_raise' })).rejects.toBeInstanceOf(ActLost);
  });

  it('comes back after every break, but not where the server said that it is over', async () => {
    for (const [code, why] of [
      [4001, 'enter_again'],
      [4002, 'malformed'],
      [4004, 'elsewhere'],
    ] as const) {
      StandIn.all = [];
      seen.over = [];
      socket = new MeetingSocket(
        'meeting',
        { entry: 'entry' },
        {
          onMessage: () => undefined,
          onLine: () => undefined,
          onOver: (reason) => seen.over.push(reason),
        },
      );
      socket.open();
      latest().open();
      latest().fail(code);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(seen.over).toEqual([why]);
      expect(StandIn.all).toHaveLength(1);
    }
  });

  it('waits for a server that restarts', async () => {
    seated();
    latest().say({ message: 'ended', why: 'restart' });
    latest().fail(4005);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen.over).toEqual([]);
    expect(StandIn.all.length).toBeGreaterThan(1);
  });

  it('ends once, with the word that the server gave', () => {
    seated();
    latest().say({ message: 'ended', why: 'removed' });
    latest().fail(4000);
    expect(seen.over).toEqual(['removed']);
  });
});
