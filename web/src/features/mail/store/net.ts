import { type Clock, type TabLine, type Turns, thisBrowser } from '../container/browser.ts';
import type { Wish } from './sync-times.ts';

/** States of the account's objects by kind, as the server pushes them. */
export type States = Record<string, string>;

/** What the store of mail needs of the world, so that a test has its own. */
export type MailNet = {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  clock: Clock;
  turns: Turns;
  /** A line to the other tabs. */
  line(name: string): TabLine;
  /** What the browser believes of the line; a request may know better. */
  isOnline(): boolean;
  /** Calls back when somebody looks at the tab again, or the line comes back. */
  onWake(call: () => void): () => void;
  /**
   * Listens to what the server pushes (RFC 8620, section 7.3); `ended` when it will push no more, `cut` when the line broke
   * off, and again when it is back: nobody told what happened in between.
   */
  push(
    path: string,
    heard: (account: string, states: States) => void,
    ended: () => void,
    cut: () => void,
  ): () => void;
  /** What the person wants to happen by itself; without it, all of it and at once. */
  wish?: Wish;
  /** Unique for ever: it names changes and messages. */
  newId(): string;
};

/** The browser that this page runs in. `cut` hears of a push that broke off, for whatever reason. */
export function browserNet(
  fetch: MailNet['fetch'] = (...asked) => window.fetch(...asked),
  cut: () => void = () => {},
): MailNet {
  const { clock, turns, line } = thisBrowser();
  return {
    fetch,
    clock,
    turns,
    line,
    isOnline: () => navigator.onLine,
    onWake(call) {
      const seen = () => document.visibilityState === 'visible' && call();
      document.addEventListener('visibilitychange', seen);
      window.addEventListener('online', call);
      return () => {
        document.removeEventListener('visibilitychange', seen);
        window.removeEventListener('online', call);
      };
    },
    push: (path, heard, ended, broken) => {
      const cutOff = () => {
        cut();
        broken();
      };
      return listen(path, heard, ended, cutOff, broken);
    },
    newId: () => crypto.randomUUID(),
  };
}

const listen = (
  path: string,
  heard: (account: string, states: States) => void,
  ended: () => void,
  cut: () => void,
  back: () => void,
) => {
  const source = new EventSource(path);
  let wasCut = false;
  source.addEventListener('open', () => {
    if (wasCut) back();
    wasCut = false;
  });
  source.addEventListener('state', ({ data }: MessageEvent<string>) => {
    for (const [account, states] of Object.entries(changedOf(data))) heard(account, states);
  });
  source.addEventListener('error', () => {
    wasCut = true;
    cut();
    // It connects anew by itself, unless the server refused.
    if (source.readyState === EventSource.CLOSED) ended();
  });
  return () => source.close();
};

function changedOf(data: string): Record<string, States> {
  try {
    return (JSON.parse(data) as { changed?: Record<string, States> }).changed ?? {};
  } catch {
    return {};
  }
}
