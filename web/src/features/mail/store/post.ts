import type { Container } from '../container/index.ts';
import { MAIL_RIGHTS, type MailAccount, MailFault, type Post, type Undone } from '../model.ts';
import { Accounts, type KeptAccount, toldAccounts } from './accounts.ts';
import { told } from './faults.ts';
import { sessionsOf } from './jmap.ts';
import { Leading } from './leading.ts';
import { removeMailbox } from './leaving.ts';
import type { MailNet } from './net.ts';
import { type OpenedMail, openMail, type Shared } from './opened-mail.ts';
import type { Dropped } from './outbox.ts';
import { PushLine } from './push-line.ts';
import type { ToldSession } from './sessions.ts';
import { sharingOf } from './sharing.ts';
import { ownShelf, shelfOf } from './shelf.ts';
import { type Lost, lostWork, withUndone } from './undone.ts';
import type { WorkOp } from './work-shapes.ts';

export type OpenedPost = Post & {
  readonly own: OpenedMail;
  open(accountId: string): Promise<OpenedMail>;
  close(): void;
};

type Opened = { mail: OpenedMail; close(): void };

/** Opens a person's mailboxes over an unlocked container: the own one at once, each other when somebody wants it. */
export async function openPost(container: Container, net: MailNet): Promise<OpenedPost> {
  const post = new Mailboxes(container, net);
  await told(() => post.start());
  return post;
}

class Mailboxes implements OpenedPost {
  readonly sharing;
  readonly #container: Container;
  readonly #net: MailNet;
  readonly #shared: Shared;
  readonly #accounts: Accounts;
  readonly #watchers = new Set<() => void>();
  readonly #opened = new Map<string, Promise<Opened>>();
  readonly #leaving = new Set<string>();
  #own: OpenedMail | undefined;
  #isClosed = false;

  constructor(container: Container, net: MailNet) {
    this.#container = container;
    this.#net = net;
    const sessions = sessionsOf(net);
    this.#shared = { net, sessions, leading: new Leading(net), push: new PushLine(net, sessions) };
    this.#accounts = new Accounts(container, net, () => this.#settle());
    this.sharing = sharingOf(net, sessions);
    sessions.onTold((session) => void this.#learn(session).catch(() => undefined));
  }

  async start(): Promise<void> {
    try {
      await this.#accounts.read();
      const shelf = ownShelf(this.#container);
      const account = () => this.#ownAccount();
      const drop = (one: Dropped | WorkOp) => this.#dropped(account(), one);
      this.#own = await openMail({ shelf, id: null, account, drop }, this.#shared);
      this.#own.onChange(() => this.#tell());
    } catch (error) {
      this.close();
      throw error;
    }
    this.#settle();
    this.#shared.leading.whenLed(() => this.#settle());
  }

  get own(): OpenedMail {
    if (!this.#own) throw new MailFault('locked');
    return this.#own;
  }

  accounts(): MailAccount[] {
    const others = this.#accounts.kept.accounts.filter(({ kind }) => kind !== 'own');
    return [this.#ownAccount(), ...others.map(shown)];
  }

  onChange(call: () => void): () => void {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }

  async open(accountId: string): Promise<OpenedMail> {
    if (accountId === this.#ownAccount().id) return this.own;
    const { mail } = await told(() => this.#open(accountId));
    const isNew = await this.#accounts.change((kept) => ({
      ...kept,
      accounts: kept.accounts.map((one) =>
        one.id === accountId ? { ...one, isOpened: true } : one,
      ),
    }));
    // The leading tab opens it as well once it hears that; where it is open, this tab learns how things stand.
    if (!isNew) mail.poke();
    return mail;
  }

  undone = (): Undone[] => [...this.#accounts.kept.undone];

  async forgetUndone(): Promise<void> {
    await this.#accounts.change((kept) => ({ ...kept, undone: [] }));
    this.#tell();
  }

  close(): void {
    this.#isClosed = true;
    for (const opened of this.#opened.values()) void opened.then(closed, () => undefined);
    this.#opened.clear();
    this.#own?.close();
    this.#shared.leading.close();
    this.#shared.push.close();
    this.#accounts.close();
    this.#watchers.clear();
  }

  #ownAccount(): MailAccount {
    const known = this.#accounts.kept.accounts.find(({ kind }) => kind === 'own');
    return known
      ? shown(known)
      : {
          id: '',
          number: 0,
          kind: 'own',
          name: '',
          address: '',
          rights: MAIL_RIGHTS,
          unread: null,
        };
  }

  #open(id: string): Promise<Opened> {
    const known = this.#opened.get(id);
    if (known) return known;
    if (this.#isClosed) return Promise.reject(new MailFault('locked'));
    if (!this.#find(id)) return Promise.reject(new MailFault('closed'));
    const shelf = shelfOf(this.#container, id);
    // What is known last holds for as long as somebody still looks at it.
    let last = this.#find(id);
    const account = () => {
      last = this.#find(id) ?? { ...(last as KeptAccount), rights: [] };
      return shown(last);
    };
    const drop = (one: Dropped | WorkOp) => this.#dropped(account(), one);
    const net = netOf(this.#net, id);
    const opening = openMail({ shelf, id, account, drop }, { ...this.#shared, net }).then(
      (mail): Opened => {
        mail.onChange(() => void this.#count(id, mail).catch(() => undefined));
        const close = () => {
          shelf.close();
          mail.close();
        };
        return { mail, close };
      },
    );
    this.#opened.set(id, opening);
    opening.catch(() => this.#opened.delete(id));
    return opening;
  }

  #find(id: string): KeptAccount | undefined {
    return this.#accounts.kept.accounts.find((one) => one.id === id && one.kind !== 'own');
  }

  /** What is unread is shown where the mailbox is not open, too. */
  async #count(id: string, mail: OpenedMail): Promise<void> {
    const inbox = (await mail.mailboxes()).find(({ role }) => role === 'inbox');
    const unread = mail.syncedAtMs() === null ? null : (inbox?.unreadEmails ?? 0);
    if (this.#isClosed || this.#find(id)?.unread === unread || !this.#find(id)) return;
    await this.#accounts.change((kept) => ({
      ...kept,
      accounts: kept.accounts.map((one) => (one.id === id ? { ...one, unread } : one)),
    }));
    this.#tell();
  }

  /** The server told which mailboxes are open to this person, and what may be done in them. */
  async #learn(session: ToldSession): Promise<void> {
    if (this.#isClosed) return;
    const isNew = await this.#accounts.change((kept) => toldAccounts(kept, session.accounts));
    if (!isNew) return;
    this.#settle();
    // Senders and folders come with rights.
    for (const opened of this.#opened.values()) opened.then(poked, () => undefined);
  }

  /** Brings what is open in line with what is to be. */
  #settle(): void {
    if (this.#isClosed) return;
    const { accounts, leaving } = this.#accounts.kept;
    for (const one of leaving) void this.#remove(one).catch(() => undefined);
    if (this.#shared.leading.leads) {
      for (const { id, kind, isOpened } of accounts) {
        if (isOpened && kind !== 'own') this.#open(id).catch(() => undefined);
      }
    }
    this.#tell();
  }

  /** A mailbox was closed to this person: each tab lets go of it, and none leaves anything behind. */
  async #remove({ id, name }: { id: string; name: string }): Promise<void> {
    if (this.#leaving.has(id)) return;
    this.#leaving.add(id);
    try {
      const opened = this.#opened.get(id);
      this.#opened.delete(id);
      await opened?.then(closed, () => undefined);
      this.#tell();
      await this.#clear(id, name);
    } finally {
      this.#leaving.delete(id);
    }
    this.#tell();
  }

  async #clear(id: string, name: string): Promise<void> {
    // Changes that are being written are waited for; the shelf takes none after them.
    const turn = netOf(this.#net, id).turns;
    const lost = await turn('fernamt-mail', 'exclusive', () => removeMailbox(this.#container, id));
    const atMs = this.#net.clock.now();
    await this.#accounts.change((kept) => ({
      ...kept,
      leaving: kept.leaving.filter((one) => one.id !== id),
      undone: withUndone(
        kept.undone,
        lost.map((one) => ({ id: this.#net.newId(), ...one, account: name, why: CLOSED, atMs })),
      ),
    }));
  }

  /** Locked meanwhile: there is nobody to tell. */
  async #dropped({ id, name }: MailAccount, one: Dropped | WorkOp): Promise<void> {
    const lost: Lost = 'what' in one ? lostWork(one) : ofDropped(one);
    const isOpen = id === this.#ownAccount().id || this.#find(id) !== undefined;
    const undone: Undone = {
      id: this.#net.newId(),
      ...lost,
      account: name,
      why: isOpen ? 'refused' : CLOSED,
      atMs: this.#net.clock.now(),
    };
    await this.#accounts
      .change((kept) => ({ ...kept, undone: withUndone(kept.undone, [undone]) }))
      .then(
        () => this.#tell(),
        () => undefined,
      );
  }

  #tell(): void {
    for (const call of [...this.#watchers]) call();
  }
}

const CLOSED = 'closed' as const;
const closed = (opened: Opened) => opened.close();
const poked = ({ mail }: Opened) => mail.poke();

function shown({ id, number, kind, name, address, rights, unread }: KeptAccount): MailAccount {
  return { id, number, kind, name, address, rights, unread };
}

function ofDropped({ change, emails, lost }: Dropped): Lost {
  if (lost) return lost;
  return { change: change === 'write' ? 'draft' : change, emails: emails.length, subject: null };
}

/** The same net, with turns and lines of this mailbox's own. */
function netOf(net: MailNet, account: string): MailNet {
  return {
    fetch: (path, init) => net.fetch(path, init),
    clock: net.clock,
    turns: (name, mode, work) => net.turns(`${name} ${account}`, mode, work),
    line: (name) => net.line(`${name} ${account}`),
    isOnline: () => net.isOnline(),
    onWake: (call) => net.onWake(call),
    push: (...asked) => net.push(...asked),
    newId: () => net.newId(),
  };
}
