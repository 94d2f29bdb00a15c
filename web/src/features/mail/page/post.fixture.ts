import {
  type Delegate,
  MAIL_RIGHTS,
  type MailAccount,
  type MailRight,
  type Person,
  type Post,
  type Sharing,
  type Team,
  type ThreadWork,
  type Undone,
  type WorkChange,
  type WorkConflict,
} from '../model.ts';
import { FakeMail } from './mail.fixture.ts';

export const ERIKA: Person = {
  id: 'p-erika',
  name: 'Erika Linde',
  email: 'erika.linde@stadt.example',
};
export const MIRA: Person = {
  id: 'p-mira',
  name: 'Mira Sommer',
  email: 'mira.sommer@stadt.example',
};
export const OLE: Person = {
  id: 'p-ole',
  name: 'Ole Petersen',
  email: 'ole.petersen@stadt.example',
};

/** A fake: who works on what, in memory. */
export class FakeTeam implements Team {
  readonly works = new Map<string, ThreadWork>();
  readonly told: string[] = [];
  /** What stood there for whoever changed a note. */
  readonly was: (string | undefined)[] = [];
  clashes: WorkConflict[] = [];
  everybody: Person[] = [ERIKA, MIRA, OLE];
  readonly #mail: FakeMail;

  constructor(mail: FakeMail) {
    this.#mail = mail;
    mail.shared = this;
  }

  me = (): Person => ERIKA;
  people = (): Person[] => this.everybody;
  of = (threadId: string): ThreadWork | null => this.works.get(threadId) ?? null;
  conflicts = (threadId: string): WorkConflict[] =>
    this.clashes.filter((one) => one.threadId === threadId);

  set(threadId: string, work: Partial<ThreadWork>): void {
    const none = { assignee: null, assignedAtMs: null, note: '', noteBy: null, noteAtMs: null };
    const before = this.works.get(threadId) ?? { ...none, waiting: false };
    this.works.set(threadId, { ...before, ...work });
    this.#mail.changed();
  }

  async change(threadId: string, change: WorkChange): Promise<void> {
    const { what, value } = change;
    if (change.what === 'note') this.was.push(change.was);
    this.told.push(`${threadId} ${what} ${value}`);
    const atMs = this.#mail.now;
    if (what === 'note') this.set(threadId, { note: value, noteBy: ERIKA, noteAtMs: atMs });
    else {
      const assignee = this.everybody.find(({ id }) => id === value) ?? null;
      this.set(threadId, { assignee, assignedAtMs: assignee && atMs });
    }
  }

  async dismiss(id: string): Promise<void> {
    this.clashes = this.clashes.filter((one) => one.id !== id);
    this.#mail.changed();
  }
}

/** A fake: who may do what, in memory. */
export class FakeSharing implements Sharing {
  all: Delegate[] = [];
  fault: Error | null = null;

  async delegates(): Promise<Delegate[]> {
    if (this.fault) throw this.fault;
    return [...this.all];
  }

  async search(_account: string, words: string): Promise<Person[]> {
    const wanted = words.toLowerCase();
    return [ERIKA, MIRA, OLE].filter(({ name }) =>
      name.split(' ').some((one) => one.toLowerCase().startsWith(wanted)),
    );
  }

  async grant(_account: string, id: string, rights: readonly MailRight[]): Promise<void> {
    const person = [ERIKA, MIRA, OLE].find((one) => one.id === id);
    if (!person) throw new Error('there is nobody of this id');
    await this.revoke('', id);
    this.all.push({ person, rights: [...rights] });
  }

  async revoke(_account: string, id: string): Promise<void> {
    this.all = this.all.filter(({ person }) => person.id !== id);
  }
}

/** A fake: several mailboxes in memory. */
export class FakePost implements Post {
  readonly own: FakeMail;
  readonly others = new Map<string, FakeMail>();
  readonly sharing = new FakeSharing();
  lost: Undone[] = [];
  readonly #calls = new Set<() => void>();

  constructor(own: FakeMail) {
    this.own = own;
  }

  /** Another mailbox, open with these rights. */
  share(given: Partial<MailAccount> = {}): FakeMail {
    const number = this.others.size + 1;
    const mail = new FakeMail(this.own.now);
    mail.of = {
      id: `acc-${number}`,
      number,
      kind: 'functional',
      name: 'Bürgerbüro',
      address: 'buergerbuero@stadt.example',
      rights: MAIL_RIGHTS,
      unread: null,
      ...given,
    };
    this.others.set(mail.of.id, mail);
    return mail;
  }

  changed(): void {
    for (const call of this.#calls) call();
  }

  accounts = (): MailAccount[] => [this.own.of, ...[...this.others.values()].map(({ of }) => of)];
  undone = (): Undone[] => this.lost;

  onChange(call: () => void): () => void {
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  async open(id: string): Promise<FakeMail> {
    const mail = this.others.get(id);
    if (!mail) throw new Error('it is not open');
    return mail;
  }

  async forgetUndone(): Promise<void> {
    this.lost = [];
    this.changed();
  }
}
