import { useCallback, useSyncExternalStore } from 'react';
import type { Mail, Person, ThreadWork, WorkConflict } from '../../model.ts';

export type TeamOfThread = {
  me: Person | null;
  people: Person[];
  work: ThreadWork | null;
  conflicts: WorkConflict[];
};

/** Who works on a thread; null where the server knows nothing of it. */
export function useTeam(mail: Mail, threadId: string): TeamOfThread | null {
  const subscribe = useCallback((call: () => void) => mail.onChange(call), [mail]);
  // A snapshot must be the same thing while nothing changes; as text it is.
  const text = useSyncExternalStore(subscribe, () => {
    const team = mail.team();
    return JSON.stringify(
      team && {
        me: team.me(),
        people: team.people(),
        work: team.of(threadId),
        conflicts: team.conflicts(threadId),
      },
    );
  });
  return JSON.parse(text) as TeamOfThread | null;
}
