import { Trans } from '@lingui/react/macro';
import { type ReactNode, useEffect, useRef } from 'react';
import { isProblem } from '../api/problem.ts';
import { Button } from '../ui/button.tsx';
import { icons } from '../ui/icon.tsx';
import { Alert } from '../ui/notice.tsx';
import { ProblemAlert } from './problem-alert.tsx';

/**
 * For `<Form failure={…}>` of something that others may change too: says that somebody was faster
 * and offers their version. Nothing is overwritten unseen. The notice stands at the top of the form,
 * the button that was pressed at its foot, so the notice takes the focus.
 */
export function failureOf(reload: () => void): (failure: unknown) => ReactNode {
  return (failure) =>
    isProblem(failure, 'outdated', 'conflict') ? (
      <ConflictAlert reload={reload} />
    ) : (
      <ProblemAlert problem={failure} />
    );
}

function ConflictAlert({ reload }: { reload: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    ref.current?.focus({ preventScroll: true });
    // The middle, because the house's bar covers what stands at the upper edge.
    ref.current?.scrollIntoView({ block: 'center' });
  }, []);
  return (
    <Alert
      ref={ref}
      tabIndex={-1}
      tone="warning"
      live="assertive"
      title={<Trans>Jemand anderes hat diesen Eintrag inzwischen geändert</Trans>}
      actions={
        <Button small icon={icons.iconRefresh} onPress={reload}>
          <Trans>Neue Fassung laden</Trans>
        </Button>
      }
    >
      <p>
        <Trans>
          Gespeichert wurde nichts. Laden Sie die neue Fassung und nehmen Sie Ihre Änderung dort
          noch einmal vor. Ihre Angaben in diesem Formular gehen dabei verloren.
        </Trans>
      </p>
    </Alert>
  );
}
