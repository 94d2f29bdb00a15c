import type { Change, Json } from '../container/index.ts';
import {
  MailFault,
  type Person,
  type ThreadWork,
  type WorkChange,
  type WorkConflict,
} from '../model.ts';
import { type Answers, type Call, type Jmap, list, MethodFault, resultOf, text } from './jmap.ts';
import type { MailNet } from './net.ts';
import { PRINCIPALS, THREADWORK } from './sessions.ts';
import type { Shelf } from './shelf.ts';
import {
  NOTHING_KNOWN,
  personOf,
  plain,
  resultOfSet,
  standing,
  type ToldWork,
  theirsOf,
  toldWorkOf,
  type WorkMeta,
  type WorkOp,
} from './work-shapes.ts';
import { OWN } from './writing.ts';

export const WORK = 'mail work';
export const WORK_QUEUE = 'mail work queue';

/** The server takes no longer note. */
export const MAX_NOTE_CHARS = 2_000;
/** The most changes of this kind that wait, and the most conflicts that are told. */
export const MAX_WAITING_WORK = 200;
const MAX_CONFLICTS = 50;
const MAX_PEOPLE = 200;
/** Others may change the mailbox again and again between two questions. */
const TRIES = 8;
const TURN = 'fernamt-mail-work';

/**
 * Who works on which thread, and notes about it: as the server told it, with what was changed here above it. A change goes
 * to the server for the state that is known; where somebody else changed the same since, what was done later holds.
 */
export class Works {
  readonly #shelf: Shelf;
  readonly #jmap: Jmap;
  readonly #net: MailNet;
  readonly #tell: () => void;
  readonly #drop: (op: WorkOp) => void;
  readonly #line: ReturnType<MailNet['line']>;
  #meta = NOTHING_KNOWN;
  #told = new Map<string, ToldWork>();
  #ops: WorkOp[] = [];
  #isClosed = false;

  private constructor(
    shelf: Shelf,
    jmap: Jmap,
    net: MailNet,
    tell: () => void,
    drop: (op: WorkOp) => void,
  ) {
    this.#shelf = shelf;
    this.#jmap = jmap;
    this.#net = net;
    this.#tell = tell;
    this.#drop = drop;
    this.#line = net.line(TURN);
    this.#line.listen(() => void this.#hear());
  }

  /** `drop` hears of changes that the server did not take. */
  static async open(
    shelf: Shelf,
    jmap: Jmap,
    net: MailNet,
    tell: () => void,
    drop: (op: WorkOp) => void,
  ): Promise<Works> {
    const works = new Works(shelf, jmap, net, tell, drop);
    try {
      await works.#readAll();
    } catch (error) {
      works.close();
      throw error;
    }
    return works;
  }

  close(): void {
    this.#isClosed = true;
    this.#line.close();
  }

  get state(): string | null {
    return this.#meta.state;
  }

  get waiting(): readonly WorkOp[] {
    return this.#ops;
  }

  get me(): Person | null {
    return this.#meta.me === null ? null : this.#personOf(this.#meta.me);
  }

  /** Those whom a thread can be given to. */
  get people(): Person[] {
    return this.#meta.people.filter(({ isAssignable }) => isAssignable).map(plain);
  }

  /** With what was changed here; null where there is nothing to say. */
  of(thread: string): ThreadWork | null {
    const told = this.#told.get(thread);
    const ops = this.#ops.filter((op) => op.thread === thread);
    if (!told && ops.length === 0) return null;
    const named = (id: string | null | undefined) => (id ? this.#personOf(id) : null);
    const work: ThreadWork = {
      assignee: named(told?.assignee),
      assignedAtMs: told?.assignedAtMs ?? null,
      note: told?.note ?? '',
      noteBy: named(told?.noteBy),
      noteAtMs: told?.noteAtMs ?? null,
      waiting: ops.length > 0,
    };
    for (const op of ops) {
      if (op.what === 'assignee') {
        Object.assign(work, { assignee: named(op.value), assignedAtMs: op.atMs });
      } else {
        Object.assign(work, { note: op.value, noteBy: this.me, noteAtMs: op.atMs });
      }
    }
    return work.assignee === null && work.note === '' && !work.waiting ? null : work;
  }

  conflicts(thread: string): WorkConflict[] {
    return this.#meta.conflicts.filter(({ threadId }) => threadId === thread);
  }

  dismiss(id: string): Promise<void> {
    return this.#change(() => {
      this.#meta.conflicts = this.#meta.conflicts.filter((one) => one.id !== id);
      return [];
    });
  }

  /** Kept here, until the server knows it. */
  change(thread: string, change: WorkChange): Promise<void> {
    if (change.what === 'note' && change.value.length > MAX_NOTE_CHARS) {
      throw new MailFault('too_large', `a note has at most ${MAX_NOTE_CHARS} letters`);
    }
    return this.#change(() => {
      const before = this.#ops.find((op) => op.thread === thread && op.what === change.what);
      if (!before && this.#ops.length >= MAX_WAITING_WORK) {
        throw new MailFault(
          'queue_full',
          `at most ${MAX_WAITING_WORK} changes wait for the server`,
        );
      }
      const stands = standing(this.#told.get(thread), change.what);
      const was = before ? before.was : change.what === 'note' ? (change.was ?? stands) : stands;
      // What never left this device and changes nothing any more goes by itself.
      if (before && !before.isSent && before.was === change.value) return this.#without(before);
      if (!before && was === change.value) return [];
      const seq = this.#meta.nextSeq;
      this.#meta.nextSeq += 1;
      const isSent = before?.isSent ?? false;
      const op = { seq, thread, ...change, was, isSent, atMs: this.#net.clock.now() } as WorkOp;
      return [...(before ? this.#without(before) : []), ...this.#with(op)];
    });
  }

  /** Brings what waits to the server. */
  async run(): Promise<void> {
    if (this.#ops.length > 0 && this.#meta.state === null) await this.sync();
    for (const op of [...this.#ops]) await this.#handIn(op);
  }

  async #handIn(op: WorkOp): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (!this.#ops.some(({ seq }) => seq === op.seq)) return;
      const told = this.#told.get(op.thread);
      const theirs = theirsOf(told, op.what);
      const conflict = theirs.value === op.was ? null : theirs;
      // An answer was lost, or both did the same.
      if (theirs.value === op.value) return this.#change(() => this.#without(op));
      if (conflict && conflict.atMs !== null && conflict.atMs > op.atMs) {
        return this.#change(() => this.#settle(op, { won: false, ...conflict, lost: op.value }));
      }
      await this.#change(() => this.#with({ ...op, isSent: true }));
      const update = { [op.thread]: { [op.what]: op.value } };
      const answers = await this.#jmap.call([
        ['ThreadWork/set', { ifInState: this.#meta.state, update }],
        ['ThreadWork/get', { ids: [op.thread] }],
      ]);
      const result = resultOfSet(answers, op.thread);
      if (result === 'again') {
        await this.sync();
        continue;
      }
      if (result === 'refused') {
        await this.#change(() => this.#without(op));
        return this.#drop(op);
      }
      const now = list(answers.of(1).list).map(toldWorkOf);
      return this.#change(() => {
        this.#meta.state = result.state;
        const kept = now.flatMap((one) => this.#keep(one));
        const lost = conflict?.value;
        if (!conflict || !lost) return [...kept, ...this.#without(op)];
        return [...kept, ...this.#settle(op, { won: true, by: conflict.by, lost })];
      });
    }
    throw new MailFault('offline', 'others change the mailbox all the time');
  }

  /** What asks for everything that changed; nothing where the server knows nothing of it. */
  async calls(): Promise<Call[]> {
    const { features } = await this.#jmap.session();
    if (!features.includes(THREADWORK)) return [];
    const sinceState = this.#meta.state;
    if (sinceState === null) return [['ThreadWork/get', { ids: null }]];
    return [
      ['ThreadWork/changes', { sinceState }],
      ['ThreadWork/get', { '#ids': resultOf(0, 'ThreadWork/changes', '/created') }],
      ['ThreadWork/get', { '#ids': resultOf(0, 'ThreadWork/changes', '/updated') }],
    ];
  }

  async sync(): Promise<void> {
    for (let more = true; more; ) {
      const calls = await this.calls();
      if (calls.length === 0) return;
      more = await this.take(await this.#jmap.call(calls), calls);
    }
  }

  /** Keeps what those calls brought; true if there is more. */
  async take(answers: Answers, calls: Call[], from = 0): Promise<boolean> {
    const isWhole = calls.length === 1;
    const parts = await this.#partsOf(answers, isWhole, from);
    if (parts === 'anew') return true;
    const { state, works, gone, more } = parts;
    if (!isWhole && state === this.#meta.state) return false;
    const now = works.map(toldWorkOf);
    await this.#change(() => {
      this.#meta.state = state;
      const changes: Change[] = isWhole ? [{ clear: WORK }] : [];
      if (isWhole) this.#told = new Map();
      for (const id of gone) {
        this.#told.delete(id);
        changes.push({ delete: WORK, id });
      }
      return [...changes, ...now.flatMap((one) => this.#keep(one))];
    });
    return more;
  }

  async #partsOf(answers: Answers, isWhole: boolean, from: number) {
    try {
      const first = answers.of(from);
      if (isWhole) {
        return { state: text(first.state), works: list(first.list), gone: [], more: false };
      }
      const works = [1, 2].flatMap((call) => list(answers.of(from + call).list));
      const more = first.hasMoreChanges === true;
      return { state: text(first.newState), works, gone: list<string>(first.destroyed), more };
    } catch (error) {
      if (!(error instanceof MethodFault) || error.type !== 'cannotCalculateChanges') throw error;
      await this.#change(() => {
        this.#meta.state = null;
        return [];
      });
      return 'anew' as const;
    }
  }

  /** Asks who shares the mailbox, once for each state of the session, and who is named and not known. */
  async askPeople(session: { state: string; principal: string | null }): Promise<void> {
    const { features } = await this.#jmap.session();
    if (!features.includes(PRINCIPALS)) return;
    const known = new Set(this.#meta.people.map(({ id }) => id));
    const named = [...this.#told.values()].flatMap(({ assignee, noteBy }) => [assignee, noteBy]);
    const ids = [...new Set([session.principal, ...named])].filter(
      (id): id is string => id !== null && !known.has(id),
    );
    const isAsked = this.#meta.assignableOf === session.state;
    if (isAsked && ids.length === 0) return;
    const answers = await this.#jmap.call([
      ['Principal/query', { filter: null }],
      ['Principal/get', { '#ids': resultOf(0, 'Principal/query', '/ids') }],
      ['Principal/get', { ids }],
    ]);
    const sharing = list(answers.of(1).list).map(personOf);
    const others = list(answers.of(2).list).map(personOf);
    // Who left the house is named no more, and is not asked for again and again.
    const left = ids.filter((id) => !others.some((one) => one.id === id));
    const unknown = left.map((id) => ({ id, name: '', email: '', isAssignable: false }));
    const before = isAsked ? this.#meta.people : [];
    const all = new Map([...before, ...sharing, ...others, ...unknown].map((one) => [one.id, one]));
    await this.#change(() => {
      this.#meta.people = [...all.values()].slice(0, MAX_PEOPLE);
      this.#meta.assignableOf = session.state;
      this.#meta.me = session.principal;
      return [];
    });
  }

  #personOf(id: string): Person {
    const known = this.#meta.people.find((one) => one.id === id);
    return known ? plain(known) : { id, name: '', email: '' };
  }

  #keep(work: ToldWork): Change[] {
    this.#told.set(work.id, work);
    return [{ put: WORK, id: work.id, value: work as unknown as Json }];
  }

  #with(op: WorkOp): Change[] {
    this.#ops = [...this.#ops.filter(({ seq }) => seq !== op.seq), op];
    this.#ops.sort((one, other) => one.seq - other.seq);
    return [{ put: WORK_QUEUE, id: String(op.seq), value: op as unknown as Json }];
  }

  #without({ seq }: WorkOp): Change[] {
    this.#ops = this.#ops.filter((op) => op.seq !== seq);
    return [{ delete: WORK_QUEUE, id: String(seq) }];
  }

  /** The change is over, and the person is told that somebody else did something in between. */
  #settle(op: WorkOp, told: { won: boolean; by: string | null; lost: string | null }): Change[] {
    const by = told.by === null ? null : this.#personOf(told.by);
    const lost =
      op.what === 'assignee' && told.lost !== null ? this.#personOf(told.lost).name : told.lost;
    const conflict: WorkConflict = {
      id: this.#net.newId(),
      threadId: op.thread,
      what: op.what,
      won: told.won,
      by,
      lost,
    };
    this.#meta.conflicts = [...this.#meta.conflicts, conflict].slice(-MAX_CONFLICTS);
    return this.#without(op);
  }

  /** One tab at a time, on top of what the others wrote; in memory only once it is on the disk. */
  #change(work: () => Change[]): Promise<void> {
    return this.#net.turns(TURN, 'exclusive', async () => {
      const stored = (await this.#shelf.records.get(OWN, 'work'))?.value as WorkMeta | undefined;
      if ((stored?.revision ?? 0) !== this.#meta.revision) await this.#readAll();
      const before = { meta: this.#meta, told: this.#told, ops: this.#ops };
      this.#meta = { ...this.#meta, revision: this.#meta.revision + 1 };
      this.#told = new Map(this.#told);
      try {
        const changes = work();
        const meta: Change = { put: OWN, id: 'work', value: this.#meta as unknown as Json };
        await this.#shelf.records.change([...changes, meta]);
      } catch (error) {
        this.#meta = before.meta;
        this.#told = before.told;
        this.#ops = before.ops;
        throw error;
      }
      if (!this.#isClosed) this.#line.send('changed');
      this.#tell();
    });
  }

  async #hear(): Promise<void> {
    if (this.#isClosed) return;
    // Locked meanwhile: whoever asks next hears it.
    await this.#net
      .turns(TURN, 'exclusive', () => this.#readAll())
      .then(this.#tell, () => undefined);
  }

  async #readAll(): Promise<void> {
    const { records } = this.#shelf;
    const [meta, works, ops] = await Promise.all([
      records.get(OWN, 'work'),
      records.getAll(WORK),
      records.getAll(WORK_QUEUE),
    ]);
    this.#meta = (meta?.value as WorkMeta | undefined) ?? NOTHING_KNOWN;
    this.#told = new Map(works.map(({ id, value }) => [id, value as unknown as ToldWork]));
    this.#ops = ops
      .map(({ value }) => value as unknown as WorkOp)
      .sort((one, other) => one.seq - other.seq);
  }
}
