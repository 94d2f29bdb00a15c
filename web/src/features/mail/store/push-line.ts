import type { MailNet, States } from './net.ts';
import type { Sessions } from './sessions.ts';

export type Hearer = { heard(states: States): void; ended(): void };

/** What the server pushes comes on one line, for all mailboxes of a person (RFC 8620, section 7.3). */
export class PushLine {
  readonly #net: MailNet;
  readonly #sessions: Sessions;
  readonly #hearers = new Map<string, Hearer>();
  #stop: (() => void) | undefined;
  #isClosed = false;

  constructor(net: MailNet, sessions: Sessions) {
    this.#net = net;
    this.#sessions = sessions;
  }

  /** Has what is pushed for a mailbox heard; false where the server does not push. */
  async listen(account: string, hearer: Hearer): Promise<boolean> {
    const { eventSourceUrl } = await this.#sessions.get();
    const path = pushPath(eventSourceUrl);
    if (path === null || this.#isClosed) return false;
    this.#hearers.set(account, hearer);
    this.#stop ??= this.#net.push(
      path,
      (pushed, states) => this.#hearers.get(pushed)?.heard(states),
      () => this.#ended(),
      () => this.#cut(),
    );
    return true;
  }

  isOpenFor(account: string): boolean {
    return this.#stop !== undefined && this.#hearers.has(account);
  }

  leave(account: string): void {
    this.#hearers.delete(account);
    if (this.#hearers.size === 0) this.#end();
  }

  close(): void {
    this.#isClosed = true;
    this.#hearers.clear();
    this.#end();
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #ended(): void {
    this.#end();
    const hearers = [...this.#hearers.values()];
    this.#hearers.clear();
    for (const hearer of hearers) hearer.ended();
    this.#cut();
  }

  /** The server ends the line when mailboxes are opened or closed to this person, or rights change. */
  #cut(): void {
    if (!this.#isClosed) this.#sessions.refresh().catch(() => undefined);
  }
}

/** Where the server pushes, on this origin. */
function pushPath(template: string): string | null {
  const filled = template
    .replace('{types}', '*')
    .replace('{closeafter}', 'no')
    .replace('{ping}', '60');
  if (!URL.canParse(filled, 'https://localhost')) return null;
  const { pathname, search } = new URL(filled, 'https://localhost');
  return template === '' ? null : pathname + search;
}
