import { type Line, MailFault } from '../model.ts';
import type { Absences } from './absences.ts';
import { mailFault } from './faults.ts';
import type { Jmap } from './jmap.ts';
import type { Kept } from './kept.ts';
import type { Leading } from './leading.ts';
import type { MailNet, States } from './net.ts';
import type { Outbox } from './outbox.ts';
import type { PushLine } from './push-line.ts';
import type { Sessions } from './sessions.ts';
import type { Sync } from './sync.ts';
import type { Works } from './works.ts';

const LINE = 'fernamt-mail-engine';
/** Pauses after a failure, and between questions where the server does not push. */
const RETRY_MS = { first: 2_000, last: 300_000 };
const POLL_MS = { first: 15_000, last: 300_000 };
/** The leading tab may have been frozen: nobody waits for it longer. */
const LEADER_MS = 30_000;
/** What the server holds back is settled so much later. */
const SETTLED_MS = 1_000;

type Said =
  | { say: 'ask' }
  | { say: 'line'; line: Line }
  | { say: 'done'; fault: MailFault['kind'] | null };

export type Work = {
  jmap: Jmap;
  kept: Kept;
  outbox: Outbox;
  sync: Sync;
  works: Works;
  absences: Absences;
  leading: Leading;
  push: PushLine;
  sessions: Sessions;
};

/**
 * Decides when a mailbox on this device and the server are brought together. Of all tabs one leads and does it, the others
 * ask it to: when something was changed here, when the server pushes that something changed there, and else after pauses
 * that grow.
 */
export class Engine {
  readonly #net: MailNet;
  readonly #work: Work;
  readonly #tell: () => void;
  readonly #line: ReturnType<MailNet['line']>;
  readonly #stopWaking: () => void;
  #state: Line = 'offline';
  readonly #stopLeading: () => void;
  #closed = false;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #callOff = () => {};
  #callOffHeld = () => {};
  #account: string | null = null;
  #retryMs = RETRY_MS.first;
  #pollMs = POLL_MS.first;
  #waiters: ((fault: MailFault['kind'] | null) => void)[] = [];

  constructor(net: MailNet, work: Work, tell: () => void) {
    this.#net = net;
    this.#work = work;
    this.#tell = tell;
    this.#line = net.line(LINE);
    this.#line.listen((said) => this.#hear(said as Said));
    this.#stopWaking = net.onWake(() => this.#wake());
    this.#stopLeading = work.leading.whenLed(() => {
      // It may lead already, and who is told has not got hold of it yet.
      queueMicrotask(() => this.#byItself());
    });
  }

  get #leads(): boolean {
    return !this.#closed && this.#work.leading.leads;
  }

  get line(): Line {
    return this.#state;
  }

  /** Brings both together in a round that begins after this call; rejects where that failed. */
  ask(): Promise<void> {
    if (this.#closed) return Promise.reject(new MailFault('locked'));
    if (!this.#leads) return this.#askLeader();
    // Whoever asks during a round is served by the next one, and so is everybody else until it begins.
    this.#next ??= (this.#running ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#running = this.#next;
        this.#next = undefined;
        return this.#round();
      });
    return this.#next;
  }

  /** Something waits: whether it goes now or later is nobody's concern. */
  poke(): void {
    if (this.#leads) this.ask().catch(() => undefined);
    else this.#line.send({ say: 'ask' } satisfies Said);
  }

  close(): void {
    this.#closed = true;
    this.#stopLeading();
    this.#stopWaking();
    this.#callOff();
    this.#callOffHeld();
    if (this.#account !== null) this.#work.push.leave(this.#account);
    this.#line.close();
    for (const waiter of this.#waiters.splice(0)) waiter('locked');
  }

  #askLeader(): Promise<void> {
    return new Promise((resolve, reject) => {
      const callOff = this.#net.clock.after(LEADER_MS, () => settle('offline'));
      const settle = (fault: MailFault['kind'] | null) => {
        callOff();
        this.#waiters = this.#waiters.filter((waiter) => waiter !== settle);
        if (fault) reject(new MailFault(fault));
        else resolve();
      };
      this.#waiters.push(settle);
      this.#line.send({ say: 'ask' } satisfies Said);
    });
  }

  async #round(): Promise<void> {
    if (this.#closed) throw new MailFault('locked');
    this.#callOff();
    try {
      if (!this.#net.isOnline()) throw new MailFault('offline');
      this.#set('syncing');
      const { kept, outbox, sync, works, sessions } = this.#work;
      // Drafts need folders to lie in.
      if (kept.meta.states === null) await sync.run();
      await sync.readSenders();
      await outbox.run();
      await works.run();
      await sync.run();
      await works.askPeople(await sessions.get());
      await sync.readTexts();
      this.#retryMs = RETRY_MS.first;
      await this.#listen();
      this.#set('online');
      this.#watchHeld();
      this.#done(null);
    } catch (error) {
      this.#failed(mailFault(error));
    }
  }

  #failed(fault: MailFault): never {
    this.#set('offline');
    this.#done(fault.kind);
    // Signing in anew, unlocking and a new line are told; other things pass with time.
    if (fault.kind !== 'signed_out' && fault.kind !== 'locked') {
      this.#later(this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.last);
    }
    // Whoever unlocks it opens mail anew; until then another tab may lead.
    if (fault.kind === 'locked') this.close();
    throw fault;
  }

  /** Tells whoever waits for it, in other tabs and in this one if it led only just now. */
  #done(fault: MailFault['kind'] | null): void {
    if (!this.#closed) this.#line.send({ say: 'done', fault } satisfies Said);
    for (const waiter of [...this.#waiters]) waiter(fault);
  }

  /** Opens the server's push, where it is not open. */
  async #listen(): Promise<void> {
    const { jmap, push } = this.#work;
    if (this.#closed || (this.#account !== null && push.isOpenFor(this.#account))) return;
    const { account } = await jmap.session();
    if (this.#closed) return;
    this.#account = account;
    const pushes = await push.listen(account, {
      heard: (states) => {
        this.#pollMs = POLL_MS.first;
        this.#work.absences.heard(states.VacationResponse);
        this.#pushed(states);
      },
      ended: () => {
        if (!this.#closed) this.#poll();
      },
    });
    if (!pushes) this.#poll();
  }

  #pushed({ Email, Mailbox, ThreadWork }: States): void {
    const { kept, works } = this.#work;
    const { states } = kept.meta;
    const known = (state: string | undefined, ours: string | undefined) =>
      state === undefined || state === ours;
    const mail = known(Email, states?.email) && known(Mailbox, states?.mailbox);
    if (mail && known(ThreadWork, works.state ?? undefined)) return;
    this.#byItself();
  }

  /** Nobody asks for it at this moment: it waits for the time that the person chose. What they did here never waits. */
  #byItself(): void {
    if (this.#closed) return;
    const { meta, ops } = this.#work.kept;
    const isNeeded = meta.states === null || ops.length > 0;
    const pauseMs = isNeeded ? 0 : (this.#net.wish?.pauseMs(meta.syncedAtMs) ?? 0);
    if (pauseMs === 0) {
      this.poke();
      return;
    }
    this.#later(pauseMs);
    // What is not kept here is still read when somebody opens it.
    if (this.#leads && this.#net.isOnline()) this.#set('online');
  }

  #poll(): void {
    this.#later(this.#pollMs);
    this.#pollMs = Math.min(this.#pollMs * 2, POLL_MS.last);
  }

  #later(ms: number): void {
    this.#callOff();
    if (!this.#closed) this.#callOff = this.#net.clock.after(ms, () => this.#byItself());
  }

  #watchHeld(): void {
    this.#callOffHeld();
    const ends = [...this.#work.kept.sendings.values()]
      .filter(({ state }) => state === 'held')
      .map(({ heldUntilMs }) => heldUntilMs ?? 0);
    if (ends.length === 0 || this.#closed) return;
    const wait = Math.max(0, Math.min(...ends) - this.#net.clock.now()) + SETTLED_MS;
    this.#callOffHeld = this.#net.clock.after(wait, () => this.poke());
  }

  #wake(): void {
    this.#retryMs = RETRY_MS.first;
    this.#pollMs = POLL_MS.first;
    if (this.#leads) this.#byItself();
  }

  #hear(said: Said): void {
    if (said.say === 'ask' && this.#leads) this.poke();
    if (said.say === 'line' && !this.#leads) this.#set(said.line);
    if (said.say === 'done') for (const waiter of [...this.#waiters]) waiter(said.fault);
  }

  #set(state: Line): void {
    if (this.#state === state) return;
    this.#state = state;
    if (this.#leads && !this.#closed) this.#line.send({ say: 'line', line: state } satisfies Said);
    this.#tell();
  }
}
