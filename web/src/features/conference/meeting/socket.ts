import { lineAnswered, lineFailed } from '../../../api/line.ts';
import {
  type Act,
  closeCodes,
  type Ended,
  type Hello,
  type Message,
  type Refusal,
} from './wire.ts';

/** The server did not do what was asked. */
export class ActRefused extends Error {
  constructor(readonly why: Refusal) {
    super(`refused: ${why}`);
    this.name = 'ActRefused';
  }
}

/** The line broke before the answer came. */
export class ActLost extends Error {
  constructor() {
    super('the line broke before the answer came');
    this.name = 'ActLost';
  }
}

type Handlers = {
  onMessage: (message: Message) => void;
  /** Whether the line to the server is there. */
  onLine: (up: boolean) => void;
  /** The presence is over, and the page must not come back by itself. */
  onOver: (why: Ended | 'malformed') => void;
};

type Waiting = { resolve: () => void; reject: (error: Error) => void };

const SECOND_MS = 1_000;
/** Waits between attempts after a broken line; a little chance keeps hundreds from coming at once. */
const RETRY_S = [0.3, 1, 2, 3, 5] as const;
const LATER_S = 3;
/** An answer that takes longer than this will not come on this line. */
const PROBE_LIMIT_MS = 4_000;

/** The meeting's own line: says hello, comes back with what it was given, numbers what is asked. */
export class MeetingSocket {
  private socket: WebSocket | null = null;
  private resume: string | null = null;
  private attempt = 0;
  private number = 0;
  private over = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly waiting = new Map<number, Waiting>();

  constructor(
    private readonly meetingId: string,
    private readonly hello: Hello,
    private readonly handlers: Handlers,
  ) {
    window.addEventListener('online', this.now);
    window.addEventListener('offline', this.suspect);
  }

  /** Opens the line. */
  open(): void {
    if (this.over) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    const socket = new WebSocket(address(this.meetingId));
    this.socket = socket;
    const current = () => this.socket === socket;
    socket.addEventListener('open', () => {
      const hello: Hello = this.resume ? { resume: this.resume } : this.hello;
      socket.send(JSON.stringify({ act: 'hello', ...hello }));
    });
    socket.addEventListener('message', ({ data }) => {
      if (current() && typeof data === 'string') this.heard(JSON.parse(data) as Message);
    });
    socket.addEventListener('close', ({ code }) => {
      if (current()) this.closed(code);
    });
  }

  /** Asks for something; resolves when it is done, throws `ActRefused` or `ActLost`. */
  act(act: Act): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.socket?.readyState !== WebSocket.OPEN) {
        reject(new ActLost());
        return;
      }
      this.number += 1;
      this.waiting.set(this.number, { resolve, reject });
      this.socket.send(JSON.stringify({ re: this.number, ...act }));
    });
  }

  /** Says goodbye, gives the seat up and closes. */
  leave(): void {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ act: 'leave' }));
    }
    this.stop();
  }

  /** Closes without a goodbye. */
  stop(): void {
    this.over = true;
    clearTimeout(this.timer);
    window.removeEventListener('online', this.now);
    window.removeEventListener('offline', this.suspect);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.lose();
  }

  /** Something else went silent: is this line still there? A dead one is replaced at once. */
  readonly suspect = async (): Promise<void> => {
    if (this.over || !this.socket) return;
    const suspected = this.socket;
    const signal = AbortSignal.timeout(PROBE_LIMIT_MS);
    try {
      await fetch('/api/v1/sign-in/challenge', { cache: 'no-store', signal });
    } catch {
      if (this.socket !== suspected || this.over) return;
      lineFailed();
      suspected.close();
      this.closed(1006);
    }
  };

  private readonly now = (): void => {
    if (this.timer !== undefined) this.open();
  };

  private heard(message: Message): void {
    if (message.message === 'welcome' || message.message === 'waiting') {
      this.resume = message.resume;
      this.attempt = 0;
      lineAnswered();
      this.handlers.onLine(true);
    }
    if (message.message === 'done') this.settle(message.re)?.resolve();
    if (message.message === 'refused' && message.re != null) {
      this.settle(message.re)?.reject(new ActRefused(message.why));
    }
    this.handlers.onMessage(message);
    if (message.message === 'ended') this.end(message.why);
  }

  private closed(code: number): void {
    this.socket = null;
    this.lose();
    if (this.over) return;
    if (code === closeCodes.ended) this.end('left');
    else if (code === closeCodes.enterAgain) this.end('enter_again');
    else if (code === closeCodes.malformed) this.end('malformed');
    else if (code === closeCodes.elsewhere) this.end('elsewhere');
    else this.again(code);
  }

  private again(code: number): void {
    this.handlers.onLine(false);
    const waitS =
      code === closeCodes.tooSlow
        ? 0
        : code === closeCodes.later
          ? LATER_S
          : (RETRY_S[Math.min(this.attempt, RETRY_S.length - 1)] ?? LATER_S);
    this.attempt += 1;
    const spread = 0.75 + Math.random() / 2;
    this.timer = setTimeout(() => this.open(), waitS * spread * SECOND_MS);
  }

  private end(why: Ended | 'malformed'): void {
    if (this.over) return;
    // A server that starts again is waited for.
    if (why === 'restart') return;
    this.stop();
    this.handlers.onOver(why);
  }

  private settle(number: number): Waiting | undefined {
    const waiting = this.waiting.get(number);
    this.waiting.delete(number);
    return waiting;
  }

  private lose(): void {
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(new ActLost());
  }
}

function address(meetingId: string): string {
  const { protocol, host } = window.location;
  const scheme = protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${host}/api/v1/conference/meetings/${encodeURIComponent(meetingId)}/socket`;
}
