import type { Container, Json } from '../container/index.ts';
import type { MailAccount, Undone } from '../model.ts';
import type { MailNet } from './net.ts';
import type { ToldAccount } from './sessions.ts';
import { OWN } from './writing.ts';

const TURN = 'fernamt-mail-accounts';

/** A mailbox as this device knows it. */
export type KeptAccount = MailAccount & {
  /** It was opened on this device: what is new in it is brought here. */
  isOpened: boolean;
};

export type KeptAccounts = {
  revision: number;
  accounts: KeptAccount[];
  nextNumber: number;
  /** Mailboxes that were closed to this person, of which something may lie here still. */
  leaving: { id: string; name: string }[];
  undone: Undone[];
};

const EMPTY: KeptAccounts = {
  revision: 0,
  accounts: [],
  nextNumber: 1,
  leaving: [],
  undone: [],
};

/** Which mailboxes there are, for all tabs. */
export class Accounts {
  readonly #container: Container;
  readonly #net: MailNet;
  readonly #line: ReturnType<MailNet['line']>;
  #kept = EMPTY;

  /** `heard` is called when another tab changed something. */
  constructor(container: Container, net: MailNet, heard: () => void) {
    this.#container = container;
    this.#net = net;
    this.#line = net.line(TURN);
    this.#line.listen(() => {
      // Locked meanwhile: there is nothing to show.
      void this.read().then(heard, () => undefined);
    });
  }

  get kept(): KeptAccounts {
    return this.#kept;
  }

  async read(): Promise<void> {
    const found = await this.#container.records.get(OWN, 'accounts');
    this.#kept = (found?.value as KeptAccounts | undefined) ?? EMPTY;
  }

  /** One tab at a time; says whether anything became another. */
  change(work: (kept: KeptAccounts) => KeptAccounts | Promise<KeptAccounts>): Promise<boolean> {
    return this.#net.turns(TURN, 'exclusive', async () => {
      await this.read();
      const next = await work(this.#kept);
      if (JSON.stringify(next) === JSON.stringify(this.#kept)) return false;
      const kept = { ...next, revision: this.#kept.revision + 1 };
      await this.#container.records.put(OWN, 'accounts', kept as unknown as Json);
      this.#kept = kept;
      this.#line.send('changed');
      return true;
    });
  }

  close(): void {
    this.#line.close();
  }
}

/** What is known of the mailboxes once the server told which are open. */
export function toldAccounts(kept: KeptAccounts, told: ToldAccount[]): KeptAccounts {
  let { nextNumber } = kept;
  const accounts = told.map((one): KeptAccount => {
    const { id, kind, name, address, rights, without } = one;
    const isOwn = kind === 'own';
    const before = kept.accounts.find((known) => (isOwn ? known.kind === 'own' : known.id === id));
    const number = before?.number ?? (isOwn ? 0 : nextNumber++);
    const { unread = null, isOpened = isOwn } = before ?? {};
    const told = { id, number, kind, name, address, rights, unread, isOpened };
    return without ? { ...told, without } : told;
  });
  accounts.sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
  const open = new Set(told.map(({ id }) => id));
  const gone = kept.accounts.filter(({ id, kind }) => kind !== 'own' && !open.has(id));
  const before = kept.leaving.filter(({ id }) => !gone.some((one) => one.id === id));
  const leaving = [...before, ...gone.map(({ id, name }) => ({ id, name }))];
  return { ...kept, accounts, nextNumber, leaving };
}

const KINDS: readonly MailAccount['kind'][] = ['own', 'functional', 'person'];
const rank = ({ kind }: MailAccount) => KINDS.indexOf(kind);
