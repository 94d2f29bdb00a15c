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
export function outcomeOf(why: Why, lecture: boolean): Outcome {
  switch (why) {
    case 'left':
      return {
        icon: icons.iconCheckCircle,
        title: lecture
          ? t`Sie haben den Vortrag verlassen`
          : t`Sie haben die Besprechung verlassen`,
        text: lecture
          ? t`Solange der Vortrag läuft, können Sie zurückkommen.`
          : t`Kamera und Mikrofon sind aus. Solange die Besprechung läuft, können Sie zurückkommen.`,
        again: t`Wieder beitreten`,
      };
    case 'removed':
      return {
        icon: icons.iconPersonOff,
        title: lecture
          ? t`Die Moderation hat Sie aus dem Vortrag entfernt`
          : t`Die Moderation hat Sie aus der Besprechung entfernt`,
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
        title: lecture ? t`Der Vortrag ist beendet` : t`Die Besprechung ist beendet`,
        text: lecture
          ? t`Die Moderation hat ihn für alle beendet. Kamera und Mikrofon sind aus.`
          : t`Die Moderation hat sie für alle beendet. Kamera und Mikrofon sind aus.`,
        again: null,
      };
    case 'time_over':
      return {
        icon: icons.iconSchedule,
        title: lecture ? t`Die Zeit dieses Vortrags ist um` : t`Die Zeit dieser Besprechung ist um`,
        text: t`Raumnummer, PIN und Link gelten nur rund um den Termin. Für eine Fortsetzung braucht es einen neuen.`,
        again: null,
      };
    case 'cancelled':
      return {
        icon: icons.iconEvent,
        title: lecture ? t`Der Vortrag wurde abgesagt` : t`Die Besprechung wurde abgesagt`,
        text: t`Fragen Sie die Person, die eingeladen hat, nach einem neuen Termin.`,
        again: null,
      };
    case 'revoked':
      return {
        icon: icons.iconLock,
        title: t`Ihr Zugang wurde beendet`,
        text: lecture
          ? t`Ihre Sitzung ist zu Ende, oder Sie dürfen an diesem Vortrag nicht mehr teilnehmen. Melden Sie sich neu an oder wenden Sie sich an Ihre IT-Stelle.`
          : t`Ihre Sitzung ist zu Ende, oder Sie dürfen an dieser Besprechung nicht mehr teilnehmen. Melden Sie sich neu an oder wenden Sie sich an Ihre IT-Stelle.`,
        again: null,
      };
    case 'elsewhere':
      return {
        icon: icons.iconDevices,
        title: t`Sie nehmen jetzt an anderer Stelle teil`,
        text: lecture
          ? t`Sie haben den Vortrag in einem anderen Fenster oder auf einem anderen Gerät geöffnet. Hier sind Kamera und Mikrofon aus.`
          : t`Sie haben die Besprechung in einem anderen Fenster oder auf einem anderen Gerät geöffnet. Hier sind Kamera und Mikrofon aus.`,
        again: t`Hier weitermachen`,
      };
    case 'locked':
      return {
        icon: icons.iconLock,
        title: lecture ? t`Der Vortrag ist geschlossen` : t`Die Besprechung ist geschlossen`,
        text: t`Die Moderation lässt gerade niemanden mehr herein. Melden Sie sich bei der Person, die eingeladen hat, oder versuchen Sie es später.`,
        again: t`Noch einmal versuchen`,
      };
    case 'full':
      return {
        icon: icons.iconGroups,
        title: lecture ? t`Der Vortrag ist voll` : t`Die Besprechung ist voll`,
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
        title: lecture
          ? t`Die Verbindung zum Vortrag ist abgebrochen`
          : t`Die Verbindung zur Besprechung ist abgebrochen`,
        text: t`Das lag nicht an Ihnen. Laden Sie die Seite neu; Ihr Platz ist noch da.`,
        again: t`Wieder beitreten`,
      };
  }
}

type OutcomeProps = { why: Why; lecture: boolean; onAgain: () => void; signedIn: boolean };

/** The page after a meeting, or instead of one. */
export function OutcomePage({ why, lecture, onAgain, signedIn }: OutcomeProps) {
  const { t: text } = useLingui();
  const outcome = outcomeOf(why, lecture);
  return (
    <>
      <title>{`${outcome.title} – Fernamt`}</title>
      <h1 className="kern-sr-only" tabIndex={-1}>
        {lecture ? text`Teilnahme am Vortrag` : text`Besprechung`}
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
