import { json } from './jmap-shapes.fixture.ts';
import type { Obj } from './obj.ts';
import { THREADWORK } from './sessions.ts';

export type FakePerson = { id: string; name: string; email: string };

export const PEOPLE: readonly FakePerson[] = [
  { id: 'p-ada', name: 'Ada Amt', email: 'ada@amt.example' },
  { id: 'p-mira', name: 'Mira Moor', email: 'mira@amt.example' },
  { id: 'p-ole', name: 'Ole Ort', email: 'ole@amt.example' },
];

/** `Principal/get` and `Principal/query`; without words, those who share the mailbox. */
export function principals(
  name: string,
  given: Obj,
  people: readonly FakePerson[],
  { sharing, reading }: { sharing: readonly string[]; reading: readonly string[] },
): Obj {
  if (name === 'Principal/get') {
    const ids = given.ids as string[];
    const found = people.filter(({ id }) => ids.includes(id));
    const notFound = ids.filter((id) => !people.some((one) => one.id === id));
    const list = found.map((one) => ({
      ...one,
      type: 'individual',
      capabilities: {
        [THREADWORK]: { mayBeAssigned: sharing.includes(one.id) && !reading.includes(one.id) },
      },
    }));
    return { list, state: '1', notFound };
  }
  const words = (given.filter as { text?: string } | null)?.text?.toLowerCase();
  const fits = ({ id, name, email }: FakePerson) =>
    words === undefined
      ? sharing.includes(id)
      : [...name.split(' '), email].some((one) => one.toLowerCase().startsWith(words));
  return { ids: people.filter(fits).map(({ id }) => id), queryState: '1', position: 0 };
}

/** Who may do what in a mailbox, asked and changed beside JMAP. */
export class FakeDelegates {
  readonly #people: readonly FakePerson[];
  readonly granted = new Map<string, Map<string, string[]>>();
  /** The person at the other end may not. */
  isForbidden = false;

  constructor(people: readonly FakePerson[]) {
    this.#people = people;
  }

  answer(path: string, init: RequestInit): Response | null {
    const found = /^\/api\/v1\/mail\/accounts\/([^/]+)\/delegates(?:\/([^/]+))?$/.exec(path);
    if (!found) return null;
    if (this.isForbidden) return json({ code: 'forbidden' }, 403);
    const [, account = '', person] = found;
    const granted = this.granted.get(account) ?? new Map<string, string[]>();
    this.granted.set(account, granted);
    if (person === undefined) {
      const items = [...granted].map(([id, rights]) => {
        const one = this.#people.find((other) => other.id === id);
        return { person: { id, name: one?.email, display_name: one?.name }, rights };
      });
      return json({ items });
    }
    if (init.method === 'DELETE') granted.delete(person);
    else granted.set(person, (JSON.parse(String(init.body)) as { rights: string[] }).rights);
    return new Response(null, { status: 204 });
  }
}
