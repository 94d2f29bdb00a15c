import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { api, must } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Loaded } from '../../../app/loaded.tsx';
import { className, kindName } from '../../../app/meeting-words.ts';
import { useSession } from '../../../app/queries.ts';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, Badge, Loading, StateText } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { InvitationCard, WayInCard } from './invitation.tsx';
import { Occurrences } from './occurrences.tsx';
import { OpenButton } from './personal-rooms.tsx';
import { CONFERENCE, type Options, optionsQuery, type Room, roomQuery, runsIt } from './queries.ts';
import { Told } from './told.tsx';
import { inviteeName, kindIcon, mailWord, roleName, safeguardSentences } from './words.ts';

const FROM = '/angemeldet/haus/besprechungen/$id';

/** One room: its invitation, its dates, who is invited, how it is kept. */
export function RoomPage() {
  const { t } = useLingui();
  const { id } = useParams({ from: FROM });
  const room = useQuery(roomQuery(id));
  const options = useQuery(optionsQuery);
  const back = { to: '/besprechungen', label: t`Besprechungen` };
  if (!room.data || !options.data) {
    const failed = room.error ? room : options;
    return (
      <Page title={t`Besprechung`} back={back} narrow>
        {room.error || options.error ? (
          <Loaded query={{ ...failed, data: undefined }}>{() => null}</Loaded>
        ) : (
          <Loading />
        )}
      </Page>
    );
  }
  return <Shown room={room.data} options={options.data} back={back} />;
}

type ShownProps = { room: Room; options: Options; back: { to: string; label: string } };

function Shown({ room, options, back }: ShownProps) {
  const { termin, neu } = useSearch({ from: FROM });
  const navigate = useNavigate();
  const runs = runsIt(room.role);
  const personal = room.kind === 'personal';
  const [first] = room.meetings;
  const named = room.meetings.some(({ id }) => id === termin) ? termin : undefined;
  // What comes next is what one looks for; the letter of a series tells of all its dates.
  const shown = room.meetings.find(({ id }) => id === named) ?? first;
  const only = room.meetings.length === 1 || personal ? first?.id : undefined;
  const protection = className(room.protection);
  const choose = (next: string) =>
    void navigate({
      to: '/besprechungen/$id',
      params: { id: room.id },
      search: { termin: next },
      replace: true,
      resetScroll: false,
    });
  return (
    <Page
      title={room.name}
      back={back}
      narrow
      {...(room.description && {
        lead: <span className="fa-room__lines">{room.description}</span>,
      })}
      {...(runs && {
        actions: (
          <ButtonLink
            to="/besprechungen/$id/aendern"
            params={{ id: room.id }}
            icon={icons.iconEdit}
          >
            {room.booking?.recurrence ? <Trans>Serie ändern</Trans> : <Trans>Ändern</Trans>}
          </ButtonLink>
        ),
      })}
    >
      {neu && runs && !personal && <Booked room={room} mail={options.mail} />}
      <p className="fa-row fa-room__badges">
        <Badge tone="neutral" icon={kindIcon(room.kind)}>
          {kindName(room.kind)}
        </Badge>
        <Badge tone={protection.tone} icon={protection.icon}>
          {protection.label}
        </Badge>
        <Badge tone="neutral" icon={icons.iconPerson}>
          <OwnRole room={room} />
        </Badge>
      </p>
      {personal && !first && runs && (
        <Card
          title={<Trans>Der Raum ist geschlossen</Trans>}
          lead={
            <Trans>
              Jetzt kommt niemand hinein. Wenn Sie ihn öffnen, entstehen Raumnummer, PIN und Link.
              Sie gelten, bis Sie die Besprechung beenden; beim nächsten Öffnen sind es neue.
            </Trans>
          }
          actions={<OpenButton room={room} />}
        >
          {null}
        </Card>
      )}
      {shown && <WayInCard room={room} meeting={shown} onChoose={choose} />}
      {shown && <InvitationCard key={named ?? ''} room={room} meeting={named ?? only ?? null} />}
      {(!personal || first) && <Occurrences room={room} options={options} onShow={choose} />}
      <InvitedCard room={room} options={options} />
      <Card title={<Trans>Schutz</Trans>}>
        <ul className="fa-sentences">
          {safeguardSentences(room.safeguards).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Card>
      {room.role === 'host' && <Removal room={room} options={options} />}
    </Page>
  );
}

function OwnRole({ room }: { room: Room }) {
  const { person } = useSession();
  if (room.owner.id === person.id) return <Trans>Sie haben eingeladen</Trans>;
  const role = roleName(room.role);
  return (
    <Trans>
      {room.owner.name} hat eingeladen · Sie: {role}
    </Trans>
  );
}

/** Right after booking: whether letters go out, and what to do where they do not. */
function Booked({ room, mail }: { room: Room; mail: boolean }) {
  const letters = room.invited.filter((invitee) => invitee.mail !== 'none').length;
  const left = room.invited.length - letters;
  if (letters > 0 && left === 0) {
    return (
      <Alert
        tone="success"
        live="polite"
        title={<Trans>Gebucht; die Einladungen gehen hinaus</Trans>}
      >
        <p>
          <Trans>Unten sehen Sie, welche schon verschickt sind.</Trans>
        </p>
      </Alert>
    );
  }
  return (
    <Alert
      tone={room.invited.length === 0 ? 'success' : 'warning'}
      live="polite"
      title={
        room.invited.length === 0 ? (
          <Trans>Gebucht</Trans>
        ) : (
          <Trans>Gebucht; jetzt müssen noch Einladungen hinaus</Trans>
        )
      }
    >
      <p>
        {mail ? (
          <Trans>
            Wer hier keine Adresse hat, bekommt keine E-Mail. Kopieren Sie den Text der Einladung
            und schicken Sie ihn selbst weiter.
          </Trans>
        ) : (
          <Trans>
            Fernamt verschickt hier keine E-Mails. Kopieren Sie den Text der Einladung in eine
            E-Mail von Ihnen, oder hängen Sie die Kalenderdatei an.
          </Trans>
        )}
      </p>
    </Alert>
  );
}

function InvitedCard({ room, options }: { room: Room; options: Options }) {
  const runs = runsIt(room.role);
  const failed = room.invited.some(({ mail }) => mail === 'failed');
  return (
    <Card title={<Trans>Eingeladen</Trans>}>
      {failed && runs && (
        <Alert tone="warning" title={<Trans>Nicht jede E-Mail kam an</Trans>}>
          <p>
            <Trans>
              Prüfen Sie die Adresse unter „Ändern“, oder schicken Sie die Einladung selbst: Text
              und Kalenderdatei stehen oben.
            </Trans>
          </p>
        </Alert>
      )}
      {room.invited.length === 0 ? (
        <p className="fa-muted">
          <Trans>Niemand ist namentlich eingeladen. Mit dem Link kommt man trotzdem hinein.</Trans>
        </p>
      ) : (
        <ul className="fa-list">
          {room.invited.map((invitee) => {
            const letter = runs && options.mail ? mailWord(invitee.mail) : null;
            return (
              <li key={invitee.id}>
                <div className="fa-list__text">
                  <p className="fa-list__title">{inviteeName(invitee)}</p>
                  <p className="fa-muted fa-small">
                    {roleName(invitee.role)}
                    {invitee.address && invitee.address !== invitee.name && (
                      <span className="fa-break"> · {invitee.address}</span>
                    )}
                  </p>
                </div>
                {letter && (
                  <StateText tone={letter.tone} {...(letter.icon && { icon: letter.icon })}>
                    {letter.label}
                  </StateText>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}

function Removal({ room, options }: { room: Room; options: Options }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { ask, dialog } = useAsk(CONFERENCE);
  const personal = room.kind === 'personal';
  const lecture = room.kind === 'lecture';
  const running = room.meetings.some(({ state }) => state === 'running');
  const remove = () => {
    let tell = true;
    ask({
      title: personal ? t`„${room.name}“ entfernen?` : t`„${room.name}“ ganz absagen?`,
      text: (
        <>
          <p>
            {personal ? (
              <Trans>Der Raum ist dann weg, mit allem, was Sie für ihn eingestellt haben.</Trans>
            ) : (
              <Trans>
                Alle Termine, die noch kommen, fallen aus, und der Raum verschwindet. Das lässt sich
                nicht rückgängig machen.
              </Trans>
            )}
          </p>
          {running && (
            <p>
              {lecture ? (
                <Trans>Der Vortrag läuft gerade; er endet sofort.</Trans>
              ) : (
                <Trans>Gerade läuft eine Besprechung darin; sie endet sofort.</Trans>
              )}
            </p>
          )}
          {!personal && <Told room={room} mail={options.mail} onChange={(next) => (tell = next)} />}
        </>
      ),
      action: personal ? t`Raum entfernen` : t`Ganz absagen`,
      danger: true,
      deed: () =>
        must(
          api.DELETE('/api/v1/conference/rooms/{id}', {
            params: { path: { id: room.id }, query: { quietly: !tell } },
          }),
        ),
      done: personal
        ? t`Der Raum ist entfernt.`
        : lecture
          ? t`Der Vortrag ist abgesagt.`
          : t`Die Besprechung ist abgesagt.`,
      onDone: () => void navigate({ to: '/besprechungen' }),
    });
  };
  return (
    <div>
      <Button icon={icons.iconDelete} danger onPress={remove}>
        {personal ? <Trans>Raum entfernen</Trans> : <Trans>Ganz absagen</Trans>}
      </Button>
      {dialog}
    </div>
  );
}
