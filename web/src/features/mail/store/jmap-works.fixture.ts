import { Refusal } from './jmap-shapes.fixture.ts';
import type { Obj } from './obj.ts';

type FakeWork = {
  id: string;
  assignee: string | null;
  assignedAtMs: number | null;
  note: string;
  noteBy: string | null;
  noteAtMs: number | null;
  createdIn: number;
  changedIn: number;
};

/** Who works on what in a mailbox of the fake server. */
export class FakeWorks {
  readonly #account: string;
  readonly #now: () => number;
  readonly #works = new Map<string, FakeWork>();
  state = 0;

  constructor(account: string, now: () => number) {
    this.#account = account;
    this.#now = now;
  }

  of(thread: string): { assignee: string | null; note: string } {
    const { assignee = null, note = '' } = this.#works.get(thread) ?? {};
    return { assignee, note };
  }

  /** Somebody changes it; `by` as the server knows who asked. */
  set(thread: string, patch: { assignee?: string | null; note?: string }, by = 'p-mira'): void {
    this.state += 1;
    const none = { assignee: null, assignedAtMs: null, note: '', noteBy: null, noteAtMs: null };
    const before = this.#works.get(thread) ?? { id: thread, ...none, createdIn: this.state };
    const { assignee, note } = patch;
    this.#works.set(thread, {
      ...before,
      ...(assignee !== undefined && {
        assignee,
        assignedAtMs: assignee === null ? null : this.#now(),
      }),
      ...(note !== undefined && { note, noteBy: by, noteAtMs: this.#now() }),
      changedIn: this.state,
    });
  }

  call(name: string, given: Obj): Obj {
    const base = { accountId: this.#account };
    if (name === 'ThreadWork/get') {
      const ids = (given.ids ?? [...this.#works.keys()]) as string[];
      return {
        ...base,
        state: String(this.state),
        list: ids.map((id) => this.#shown(id)),
        notFound: [],
      };
    }
    if (name === 'ThreadWork/changes') {
      const since = Number(given.sinceState);
      const changed = [...this.#works.values()].filter(({ changedIn }) => changedIn > since);
      const ids = (isNew: boolean) =>
        changed.filter(({ createdIn }) => createdIn > since === isNew).map(({ id }) => id);
      return {
        ...base,
        oldState: given.sinceState,
        newState: String(this.state),
        hasMoreChanges: false,
        created: ids(true),
        updated: ids(false),
        destroyed: [],
      };
    }
    if (given.ifInState !== undefined && given.ifInState !== String(this.state)) {
      throw new Refusal('stateMismatch', 'somebody else changed something since');
    }
    const oldState = String(this.state);
    const update = (given.update ?? {}) as Record<string, Obj>;
    for (const [thread, patch] of Object.entries(update)) this.set(thread, patch, 'p-ada');
    const updated = Object.fromEntries(Object.keys(update).map((id) => [id, null]));
    return { ...base, oldState, newState: String(this.state), updated, notUpdated: {} };
  }

  #shown(id: string): Obj {
    const work = this.#works.get(id);
    const moment = (ms: number | null | undefined) => (ms ? new Date(ms).toISOString() : null);
    return {
      id,
      assignee: work?.assignee ?? null,
      assignedAt: moment(work?.assignedAtMs),
      note: work?.note ?? '',
      noteBy: work?.noteBy ?? null,
      noteAt: moment(work?.noteAtMs),
    };
  }
}
