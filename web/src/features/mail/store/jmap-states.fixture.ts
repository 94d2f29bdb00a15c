import { type FakeMailbox, Refusal } from './jmap-shapes.fixture.ts';
import type { Obj } from './obj.ts';

export type Kind = 'Mailbox' | 'Email' | 'EmailSubmission';

const MAX_OBJECTS = 500;

/** What a mailbox of the fake server knows of its states: what changed since which. */
export class FakeStates {
  readonly account: string;
  readonly mailboxes = new Map<string, FakeMailbox>();
  readonly states: Record<Kind, number> = { Mailbox: 0, Email: 0, EmailSubmission: 0 };
  /** Older states are forgotten. */
  forgotten = 0;
  protected readonly now: () => number;
  protected readonly gone: { id: string; createdIn: number; goneIn: number }[] = [];
  protected counter = 0;
  #ids = 0;

  constructor(now: () => number, account: string) {
    this.now = now;
    this.account = account;
  }

  protected got(kind: Kind, given: Obj, all: Obj[]): Obj {
    const ids = (given.ids ?? null) as string[] | null;
    if (ids && ids.length > MAX_OBJECTS)
      throw new Refusal('requestTooLarge', 'at most 500 objects');
    const wanted = given.properties as string[] | undefined;
    const byId: Map<string, Obj> = new Map(all.map((one): [string, Obj] => [String(one.id), one]));
    const unique: string[] = ids === null ? [...byId.keys()] : [...new Set(ids)];
    const list = unique
      .map((id) => byId.get(id))
      .filter((one) => one !== undefined)
      .map((one) => {
        const unknown = wanted?.find((property) => !(property in one));
        if (unknown) throw new Refusal('invalidArguments', `there is no property ${unknown}`);
        return wanted
          ? Object.fromEntries(
              Object.entries(one).filter(([key]) => key === 'id' || wanted.includes(key)),
            )
          : one;
      });
    const notFound = unique.filter((id) => !byId.has(id));
    return { accountId: this.account, state: String(this.states[kind]), list, notFound };
  }

  protected changes(
    kind: Kind,
    { sinceState, maxChanges }: Obj,
    all: { id: string; createdIn: number; changedIn: number }[],
  ): Obj {
    const since = Number(sinceState);
    const known =
      /^\d+$/.test(String(sinceState)) && since <= this.states[kind] && since >= this.forgotten;
    if (!known) throw new Refusal('cannotCalculateChanges', 'read everything anew');
    const prefix = { Mailbox: 'mbx', Email: 'eml', EmailSubmission: 'sub' }[kind];
    const events = [
      ...all
        .filter(({ changedIn }) => changedIn > since)
        .map(({ id, createdIn, changedIn }) => ({
          id,
          in: changedIn,
          what: createdIn > since ? 'created' : 'updated',
        })),
      ...this.gone
        .filter(
          ({ id, createdIn, goneIn }) =>
            id.startsWith(prefix) && goneIn > since && createdIn <= since,
        )
        .map(({ id, goneIn }) => ({ id, in: goneIn, what: 'destroyed' })),
    ].sort((one, other) => one.in - other.in);
    let end = Math.min(events.length, Number(maxChanges ?? Number.POSITIVE_INFINITY));
    // A page is cut between two steps.
    while (end > 0 && end < events.length && events[end]?.in === events[end - 1]?.in) end -= 1;
    if (end === 0) end = events.length;
    const page = events.slice(0, end);
    const more = end < events.length;
    const of = (what: string) => page.filter((event) => event.what === what).map(({ id }) => id);
    return {
      accountId: this.account,
      oldState: sinceState,
      newState: String(more ? page.at(-1)?.in : this.states[kind]),
      hasMoreChanges: more,
      created: of('created'),
      updated: of('updated'),
      destroyed: of('destroyed'),
    };
  }

  protected check(kind: Kind, given: Obj): void {
    const count = ['create', 'update', 'destroy'].reduce(
      (sum, name) => sum + Object.keys((given[name] ?? {}) as Obj).length,
      0,
    );
    if (count > MAX_OBJECTS) throw new Refusal('requestTooLarge', 'at most 500 objects');
    const { ifInState } = given;
    if (ifInState !== undefined && ifInState !== String(this.states[kind])) {
      throw new Refusal('stateMismatch', 'somebody else changed something since');
    }
  }

  protected step(...kinds: Kind[]): void {
    this.counter += 1;
    for (const kind of kinds) this.states[kind] = this.counter;
  }

  protected count(ids: string[]): void {
    for (const id of ids) {
      const mailbox = this.mailboxes.get(id);
      if (mailbox) mailbox.changedIn = this.counter;
    }
  }

  protected newId(prefix: string): string {
    this.#ids += 1;
    return `${prefix}-${String(this.#ids).padStart(6, '0')}`;
  }
}
