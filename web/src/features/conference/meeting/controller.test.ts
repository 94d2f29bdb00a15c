import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Meeting } from './controller.ts';

class StandIn extends EventTarget {
  static latest: StandIn | undefined;
  readyState = 1;

  constructor(readonly url: string) {
    super();
    StandIn.latest = this;
  }

  send() {
    // Nobody reads it.
  }

  close() {
    this.readyState = 3;
  }
}

const say = (message: object) =>
  StandIn.latest?.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
const chat = (id: number) =>
  say({ message: 'chat', id, seat: 'ole', name: 'Ole', to: { who: 'everybody' }, text: `${id}` });

describe('a meeting', () => {
  let meeting: Meeting;
  let drawn: number[];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('WebSocket', StandIn);
    const entering = {
      meetingId: 'meeting',
      entry: { entry: 'entry' },
      name: 'Ada',
      choice: {
        microphone: '',
        camera: '',
        speaker: '',
        quiet: true,
        blur: false,
        pushToTalk: false,
      },
      microphone: false,
      camera: false,
      sealed: false,
      key: null,
    };
    meeting = new Meeting(entering, { onDeviceError: () => undefined });
    drawn = [];
    meeting.subscribe(() => drawn.push(meeting.get().chat.length));
    meeting.open();
  });
  afterEach(() => {
    meeting.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('is drawn at once, and a crowd that writes in one moment is drawn once more', async () => {
    for (let id = 1; id <= 300; id += 1) chat(id);
    expect(drawn).toEqual([1]);
    await vi.runAllTimersAsync();
    expect(drawn).toEqual([1, 300]);
    chat(301);
    expect(drawn).toEqual([1, 300, 301]);
  });
});
