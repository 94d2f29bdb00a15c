import { Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schema } from '../../../api/client.ts';
import { className, kindName } from '../../../app/meeting-words.ts';
import { ButtonLink } from '../../../ui/button.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, Badge } from '../../../ui/notice.tsx';
import { keyOfHost, withKey } from '../end-to-end.ts';
import type { Room, Summary } from './queries.ts';
import { dayName, dayOf, ownZone, timeOf } from './times.ts';

/** The way in for who is signed in: as themselves, without number and PIN. */
export function JoinLink({ meeting, primary = false }: { meeting: Summary; primary?: boolean }) {
  const { t } = useLingui();
  return (
    <ButtonLink
      to="/besprechung"
      search={{ raum: meeting.room, termin: meeting.id }}
      icon={icons.iconMeetingRoom}
      variant={primary ? 'primary' : 'secondary'}
      small={!primary}
      aria-label={t`Beitreten: ${meeting.name}`}
    >
      <Trans>Beitreten</Trans>
    </ButtonLink>
  );
}

/** What one sees of a meeting at a glance: whether it runs, how it is kept, what is special. */
export function MeetingBadges({ meeting }: { meeting: Summary }) {
  const protection = className(meeting.protection);
  return (
    <>
      {meeting.state === 'running' && (
        <Badge tone="success" icon={icons.iconVideocam}>
          <Trans>läuft jetzt</Trans>
        </Badge>
      )}
      {meeting.state === 'cancelled' && (
        <Badge tone="danger" icon={icons.iconCancel}>
          <Trans>abgesagt</Trans>
        </Badge>
      )}
      {meeting.moved && (
        <Badge tone="warning" icon={icons.iconSchedule}>
          <Trans>verschoben</Trans>
        </Badge>
      )}
      {meeting.kind === 'lecture' && (
        <Badge tone="neutral" icon={icons.iconCoPresent}>
          {kindName(meeting.kind)}
        </Badge>
      )}
      <Badge tone={protection.tone} icon={protection.icon}>
        {protection.label}
      </Badge>
    </>
  );
}

/** "09:00–10:00", by the reader's own clock; another clock is named. */
export function MeetingTime({ meeting }: { meeting: Summary }) {
  const zone = ownZone();
  const { starts_at, ends_at, time_zone, starts } = meeting;
  const other = timeOf(starts_at, zone) !== starts.slice(11);
  const there = starts.slice(11);
  return (
    <>
      <time dateTime={starts_at}>{timeOf(starts_at, zone)}</time>–
      <time dateTime={ends_at}>{timeOf(ends_at, zone)}</time>
      {other && time_zone !== zone && (
        <span className="fa-muted fa-small">
          {' '}
          <Trans>
            ({there} Uhr in {time_zone})
          </Trans>
        </span>
      )}
    </>
  );
}

/** The day and time of a meeting in one line. */
export function useMoment() {
  const { t } = useLingui();
  const zone = ownZone();
  return ({ starts_at }: Summary) => {
    const day = dayName(dayOf(starts_at, zone), Date.now());
    const time = timeOf(starts_at, zone);
    return t`${day}, ${time} Uhr`;
  };
}

type AccessProps = { access: Schema<'MeetingAccess'>; room: Room; meeting: string };

/** Number, PIN and link of one meeting, each to take along. */
export function Access({ access, room, meeting }: AccessProps) {
  const { t } = useLingui();
  const sealed = room.safeguards.encryption === 'end_to_end';
  // One browser makes the key: two would make two.
  const key = sealed && room.role === 'host' ? keyOfHost(meeting) : null;
  return (
    <div className="fa-stack">
      <dl className="fa-access">
        <div>
          <dt>
            <Trans>Raumnummer</Trans>
          </dt>
          <dd>{access.number}</dd>
        </div>
        <div>
          <dt>
            <Trans>PIN</Trans>
          </dt>
          <dd>{access.pin}</dd>
        </div>
      </dl>
      <CopyField
        label={t`Link zum Beitreten`}
        value={key ? withKey(access.link, key) : access.link}
      />
      {sealed && <SealedLink room={room} own={key !== null} />}
      <p className="fa-muted fa-small">
        <Trans>
          Mit dem Link kommt man ohne PIN hinein; geben Sie ihn nur denen, die teilnehmen sollen.
          Raumnummer und PIN tippt man unter {access.join_page} ein.
        </Trans>
      </p>
    </div>
  );
}

/** What a link is good for where the key from device to device stands in it, or does not. */
function SealedLink({ room, own }: { room: Room; own: boolean }) {
  return (
    <Alert
      tone="info"
      title={
        own ? (
          <Trans>Geben Sie diesen Link selbst weiter</Trans>
        ) : (
          <Trans>In diesem Link fehlt der Schlüssel</Trans>
        )
      }
    >
      <p>
        {own ? (
          <Trans>
            Nur in ihm steht der Schlüssel, mit dem alle Bild, Ton und Chat verschlüsseln. Er wurde
            in diesem Browser gemacht: In einem anderen entstünde ein anderer, der nicht passt. In
            den Einladungen, die der Server verschickt, steht er nicht.
          </Trans>
        ) : (
          <Trans>
            Den vollständigen Link gibt {room.owner.name} weiter. Ohne den Schlüssel darin sehen,
            hören und lesen Sie die anderen nicht.
          </Trans>
        )}
      </p>
    </Alert>
  );
}

type AgendaItemProps = {
  meeting: Summary;
  /** Below the title. */
  children: ReactNode;
  /** The way in, or when it opens. */
  end: ReactNode;
};

/** A meeting as a line of an agenda: when, what, and what one can do. */
export function AgendaItem({ meeting, children, end }: AgendaItemProps) {
  return (
    <li className="fa-agenda__item">
      <p className="fa-agenda__time">
        <MeetingTime meeting={meeting} />
      </p>
      <div className="fa-agenda__text">
        <h3>
          <RoomLink meeting={meeting}>{meeting.name}</RoomLink>
        </h3>
        {children}
      </div>
      <div className="fa-agenda__end">{end}</div>
    </li>
  );
}

/** When one can go in, by the reader's own clock. */
export function OpensAt({ meeting }: { meeting: Summary }) {
  const opens = timeOf(meeting.valid_from, ownZone());
  return (
    <span className="fa-muted fa-small">
      <Trans>Beitreten ab {opens} Uhr</Trans>
    </span>
  );
}

/** The title of a meeting that leads to its room. */
function RoomLink({ meeting, children }: { meeting: Summary; children: ReactNode }) {
  return (
    <Link
      to="/besprechungen/$id"
      params={{ id: meeting.room }}
      search={meeting.recurring ? { termin: meeting.id } : {}}
    >
      {children}
    </Link>
  );
}
