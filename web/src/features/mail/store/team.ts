import type { Team } from '../model.ts';
import type { Works } from './works.ts';

/** What the page does with the work of a mailbox; `made` is how a change is kept and sent on. */
export function teamOf(works: Works, made: (work: () => Promise<void>) => Promise<void>): Team {
  return {
    me: () => works.me,
    people: () => works.people.filter(({ name }) => name !== ''),
    of: (thread) => works.of(thread),
    change: (thread, change) => made(async () => works.change(thread, change)),
    conflicts: (thread) => works.conflicts(thread),
    dismiss: (id) => works.dismiss(id),
  };
}
