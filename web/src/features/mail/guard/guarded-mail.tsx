import { type ReactNode, useCallback, useMemo, useSyncExternalStore } from 'react';
import type { Container } from '../container/index.ts';
import { OwnFilesContext } from '../page/files/context.ts';
import { OwnFiles } from '../page/files/own-files.ts';
import { Guarded } from './guarded.tsx';
import { rulesOf } from './rules.ts';

type GuardedMailProps = { container: Container; person: string; children: ReactNode };

/** What lies around the mail while its container is open: the rules of its policy, and the files put aside in it. */
export function GuardedMail({ container, person, children }: GuardedMailProps) {
  const watch = useCallback((call: () => void) => container.onChange(call), [container]);
  const policy = useSyncExternalStore(watch, () => container.policy);
  const rules = useMemo(() => rulesOf(policy), [policy]);
  const files = useMemo(() => new OwnFiles(container), [container]);
  return (
    <Guarded rules={rules} person={person}>
      <OwnFilesContext value={files}>{children}</OwnFilesContext>
    </Guarded>
  );
}
