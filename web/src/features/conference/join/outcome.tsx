import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState } from '../../../ui/notice.tsx';
import type { MeetingView } from '../meeting/controller.ts';

type Why = NonNullable<MeetingView['ended']>;

export type Outcome = {
  icon: string;
  title: string;
  text: string;
  /** Whether coming back makes sense, and what the button then says. */
  again: string | null;
};

/** How a presence in a meeting ended, in words. */
export function outcomeOf(why: Why): Outcome {
  switch (why) {
    case 'left':
      return {
        icon: icons.iconCheckCircle,
        title: t`Sie haben die Besprechung verlassen`,
        text: t`Kamera und Mikrofon sind aus. Solange die Besprechung läuft, können Sie zurückkommen.`,
        again: t`Wieder beitreten`,
      };
    case 'removed':
      return {
        icon: icons.iconPersonOff,
        title: t`Die Moderation hat Sie aus der Besprechung entfernt`,
        text: t`Kamera und Mikrofon sind aus. Wenn das ein Versehen war, wenden Sie sich an die Person, die eingeladen hat.`,
        again: null,
      };
    case 'not_admitted':
      return {
        icon: icons.iconBlock,
        title: t`Sie wurden nicht eingelassen`,
        text: t`Die Moderation hat Ihre Anfrage abgelehnt. Wenn das ein Versehen war, wenden Sie sich an die Person, die eingeladen hat.`,
        again: null,
      };
    case 'meeting_ended':
      return {
        icon: icons.iconCheckCircle,
        title: t`Die Besprechung ist beendet`,
        text: t`Die Moderation hat sie für alle beendet. Kamera und Mikrofon sind aus.`,
        again: null,
      };
    case 'time_over':
      return {
        icon: icons.iconSchedule,
        title: t`Die Zeit dieser Besprechung ist um`,
        text: t`Raumnummer, PIN und Link gelten nur rund um den Termin. Für eine Fortsetzung braucht es einen neuen.`,
        again: null,
      };
    case 'cancelled':
      return {
        icon: icons.iconEvent,
        title: t`Die Besprechung wurde abgesagt`,
        text: t`Fragen Sie die Person, die eingeladen hat, nach einem neuen Termin.`,
        again: null,
      };
    case 'revoked':
      return {
        icon: icons.iconLock,
        title: t`Ihr Zugang wurde beendet`,
        text: t`Ihre Sitzung ist zu Ende, oder Sie dürfen an dieser Besprechung nicht mehr teilnehmen. Melden Sie sich neu an oder wenden Sie sich an Ihre IT-Stelle.`,
        again: null,
      };
    case 'elsewhere':
      return {
        icon: icons.iconDevices,
        title: t`Sie nehmen jetzt an anderer Stelle teil`,
        text: t`Sie haben die Besprechung in einem anderen Fenster oder auf einem anderen Gerät geöffnet. Hier sind Kamera und Mikrofon aus.`,
        again: t`Hier weitermachen`,
      };
    case 'locked':
      return {
        icon: icons.iconLock,
        title: t`Die Besprechung ist geschlossen`,
        text: t`Die Moderation lässt gerade niemanden mehr herein. Melden Sie sich bei der Person, die eingeladen hat, oder versuchen Sie es später.`,
        again: t`Noch einmal versuchen`,
      };
    case 'full':
      return {
        icon: icons.iconGroups,
        title: t`Die Besprechung ist voll`,
        text: t`Alle Plätze sind besetzt. Sobald jemand geht, wird einer frei.`,
        again: t`Noch einmal versuchen`,
      };
    case 'enter_again':
      return {
        icon: icons.iconRefresh,
        title: t`Bitte treten Sie noch einmal bei`,
        text: t`Sie waren zu lange weg, deshalb wurde Ihr Platz freigegeben.`,
        again: t`Wieder beitreten`,
      };
    case 'bad_name':
      return {
        icon: icons.iconBadge,
        title: t`Mit diesem Namen geht es nicht`,
        text: t`Bitte nehmen Sie einen Namen aus Buchstaben, ohne unsichtbare Zeichen.`,
        again: t`Namen ändern`,
      };
    case 'restart':
    case 'malformed':
      return {
        icon: icons.iconRefresh,
        title: t`Die Verbindung zur Besprechung ist abgebrochen`,
        text: t`Das lag nicht an Ihnen. Laden Sie die Seite neu; Ihr Platz ist noch da.`,
        again: t`Wieder beitreten`,
      };
  }
}

type OutcomeProps = { why: Why; onAgain: () => void; signedIn: boolean };

/** The page after a meeting, or instead of one. */
export function OutcomePage({ why, onAgain, signedIn }: OutcomeProps) {
  const { t: text } = useLingui();
  const outcome = outcomeOf(why);
  return (
    <>
      <title>{`${outcome.title} – Fernamt`}</title>
      <h1 className="kern-sr-only" tabIndex={-1}>
        {text`Besprechung`}
      </h1>
      <EmptyState
        icon={outcome.icon}
        title={outcome.title}
        actions={
          <>
            {outcome.again && (
              <Button variant="primary" icon={icons.iconMeetingRoom} onPress={onAgain}>
                {outcome.again}
              </Button>
            )}
            {signedIn && (
              <ButtonLink to="/">
                <Trans>Zur Startseite</Trans>
              </ButtonLink>
            )}
          </>
        }
      >
        <p>{outcome.text}</p>
      </EmptyState>
    </>
  );
}
