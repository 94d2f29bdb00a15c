import { Trans } from '@lingui/react/macro';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import { useMailPage } from '../context.ts';
import { useAsked } from '../use-asked.ts';
import { dayText, isAway } from './days.ts';

const AbsenceDialog = lazy(async () => ({
  default: (await import('./absence-dialog.tsx')).AbsenceDialog,
}));

const MINUTE_MS = 60_000;

/** Says, for as long as it is so, that others get an answer by themselves. */
export function AwayBanner() {
  const { mail, may } = useMailPage();
  const asked = useAsked(mail, 'absence', () => mail.absence());
  const [now, setNow] = useState(Date.now);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  const absence = asked.data;
  const shown = absence && isAway(absence, now);
  return (
    <>
      <div role="status">
        {shown && (
          <p className="fa-mail__away">
            <Icon of={icons.iconEvent} size="small" />
            <span className="fa-grow">
              {absence.untilMs === null ? (
                <Trans>Die Abwesenheitsnotiz ist eingeschaltet, ohne Ende.</Trans>
              ) : (
                <Trans>
                  Die Abwesenheitsnotiz ist eingeschaltet, bis {dayText(absence.untilMs - 1)}.
                </Trans>
              )}
            </span>
            {may.manage && (
              <Button small variant="tertiary" onPress={() => setOpen(true)}>
                <Trans>Ändern</Trans>
              </Button>
            )}
          </p>
        )}
      </div>
      {open && (
        <Suspense>
          <AbsenceDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
