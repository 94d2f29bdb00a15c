import { Trans, useLingui } from '@lingui/react/macro';
import { Button } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import type { MeetingView } from '../meeting/controller.ts';
import { MeetingTime } from './facts.tsx';

/** Waiting until somebody opens: what is awaited, and what the hosts have to say meanwhile. */
export function Lobby({ view, onLeave }: { view: MeetingView; onLeave: () => void }) {
  const { t } = useLingui();
  const { facts, waitingText, hostPresent, lineUp } = view;
  return (
    <>
      <title>{t`Warteraum – Fernamt`}</title>
      <header className="fa-stack fa-stack--tight">
        <p className="fa-muted">{facts?.title}</p>
        <h1 tabIndex={-1}>
          <Trans>Sie sind im Warteraum</Trans>
        </h1>
        {facts && (
          <p className="fa-muted">
            <MeetingTime facts={facts} />
          </p>
        )}
      </header>
      <div className="fa-lobby" role="status">
        <Icon of={lineUp ? icons.iconHourglassTop : icons.iconWifiOff} size="large" />
        <p>
          {lineUp ? (
            hostPresent ? (
              <Trans>Die Moderation weiß, dass Sie warten. Sie werden gleich eingelassen.</Trans>
            ) : (
              <Trans>
                Es ist noch niemand da, der Sie einlassen kann. Lassen Sie diese Seite offen: Es
                geht von selbst weiter.
              </Trans>
            )
          ) : (
            <Trans>
              Die Verbindung ist unterbrochen. Ihr Platz im Warteraum bleibt, und es geht von selbst
              weiter.
            </Trans>
          )}
        </p>
      </div>
      {waitingText && (
        <blockquote className="fa-lobby__text">
          <p>{waitingText}</p>
        </blockquote>
      )}
      <p className="fa-muted fa-small">
        <Trans>Noch sieht und hört Sie niemand.</Trans>
      </p>
      <div className="fa-form__actions">
        <Button icon={icons.iconLogout} onPress={onLeave}>
          {t`Warteraum verlassen`}
        </Button>
      </div>
    </>
  );
}
