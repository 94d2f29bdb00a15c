import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Button, IconButton } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Menu, MenuItem } from '../../../ui/menu.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { MoveDialog } from './move-dialog.tsx';
import { JoinLink, MeetingTime, useMoment } from './parts.tsx';
import { CONFERENCE, fieldsOf, type Options, type Room, runsIt, type Summary } from './queries.ts';
import { dayName, dayOf, ownZone, wallDay } from './times.ts';
import { Told } from './told.tsx';

type OccurrencesProps = {
  room: Room;
  options: Options;
  onShow: (meeting: string) => void;
};

/** The dates of a room: each can be moved, called off and ended; what was called off can come back. */
export function Occurrences({ room, options, onShow }: OccurrencesProps) {
  const { t } = useLingui();
  const moment = useMoment();
  const { ask, dialog } = useAsk(CONFERENCE);
  const [moving, setMoving] = useState<Summary>();
  const runs = runsIt(room.role);
  const lecture = room.kind === 'lecture';

  const cancel = (meeting: Summary) => {
    let tell = true;
    ask({
      title: t`Diesen Termin absagen?`,
      text: (
        <>
          <p>
            <strong>{moment(meeting)}</strong>
          </p>
          <p>
            <Trans>
              Raumnummer, PIN und Link dieses Termins gelten dann nicht mehr. Setzen Sie ihn wieder
              an, bekommt er neue.
            </Trans>
          </p>
          <Told room={room} mail={options.mail} onChange={(next) => (tell = next)} />
        </>
      ),
      action: t`Termin absagen`,
      danger: true,
      deed: () =>
        must(
          api.DELETE('/api/v1/conference/meetings/{id}', {
            params: { path: { id: meeting.id }, query: { quietly: !tell } },
          }),
        ),
      done: t`Der Termin ist abgesagt.`,
    });
  };
  const end = (meeting: Summary) =>
    ask({
      title: lecture ? t`Den Vortrag für alle beenden?` : t`Die Besprechung für alle beenden?`,
      text: (
        <p>
          <Trans>Alle werden sofort getrennt, und der Termin ist vorbei.</Trans>
        </p>
      ),
      action: t`Für alle beenden`,
      danger: true,
      deed: () =>
        must(
          api.POST('/api/v1/conference/meetings/{id}/end', {
            params: { path: { id: meeting.id } },
          }),
        ),
      done: lecture ? t`Der Vortrag ist beendet.` : t`Die Besprechung ist beendet.`,
    });
  const restore = (day: string) => {
    let tell = true;
    const title = wallDay(day);
    ask({
      title: t`Den Termin am ${title} wieder ansetzen?`,
      text: (
        <>
          <p>
            <Trans>Er bekommt eine neue Raumnummer, PIN und einen neuen Link.</Trans>
          </p>
          <Told room={room} mail={options.mail} onChange={(next) => (tell = next)} />
        </>
      ),
      action: t`Wieder ansetzen`,
      deed: () => restored(room, day, tell),
      done: t`Der Termin findet wieder statt.`,
    });
  };
  const called = calledOff(room, Date.now());
  return (
    <Card title={<Trans>Termine</Trans>}>
      {room.meetings.length === 0 && (
        <p className="fa-muted">
          <Trans>Es steht kein Termin mehr an.</Trans>
        </p>
      )}
      {room.meetings.length > 0 && (
        <ul className="fa-list">
          {room.meetings.map((meeting) => (
            <li key={meeting.id}>
              <div className="fa-list__text">
                <p className="fa-list__title">
                  {dayName(dayOf(meeting.starts_at, ownZone()), Date.now())}
                  {meeting.state === 'running' && (
                    <Badge tone="success" icon={icons.iconVideocam}>
                      <Trans>läuft jetzt</Trans>
                    </Badge>
                  )}
                  {meeting.moved && (
                    <Badge tone="warning" icon={icons.iconSchedule}>
                      <Trans>verschoben</Trans>
                    </Badge>
                  )}
                </p>
                <p className="fa-muted">
                  <MeetingTime meeting={meeting} />
                </p>
              </div>
              {meeting.open_now && <JoinLink meeting={meeting} />}
              <Menu
                label={t`Was Sie mit diesem Termin tun können`}
                trigger={
                  <IconButton label={t`${moment(meeting)}: mehr`} icon={icons.iconMoreVert} />
                }
              >
                <MenuItem
                  icon={icons.iconMail}
                  onAction={() => onShow(meeting.id)}
                >{t`Raumnummer und PIN zeigen`}</MenuItem>
                {runs && meeting.state === 'planned' && (
                  <MenuItem
                    icon={icons.iconSchedule}
                    onAction={() => setMoving(meeting)}
                  >{t`Verschieben`}</MenuItem>
                )}
                {runs && meeting.state === 'planned' && (
                  <MenuItem
                    icon={icons.iconCancel}
                    danger
                    onAction={() => cancel(meeting)}
                  >{t`Absagen`}</MenuItem>
                )}
                {runs && meeting.state === 'running' && (
                  <MenuItem
                    icon={icons.iconCallEnd}
                    danger
                    onAction={() => end(meeting)}
                  >{t`Für alle beenden`}</MenuItem>
                )}
              </Menu>
            </li>
          ))}
        </ul>
      )}
      {runs && called.length > 0 && (
        <div className="fa-stack fa-stack--tight">
          <h3>
            <Trans>Abgesagt</Trans>
          </h3>
          <ul className="fa-list">
            {called.map((day) => {
              const title = wallDay(day);
              return (
                <li key={day}>
                  <span className="fa-list__text">{title}</span>
                  <Button
                    small
                    icon={icons.iconUndo}
                    onPress={() => restore(day)}
                    aria-label={t`Wieder ansetzen: ${title}`}
                  >
                    <Trans>Wieder ansetzen</Trans>
                  </Button>
                </li>
              );
            })}
          </ul>
        </div>
      )}
      {moving && (
        <MoveDialog
          room={room}
          options={options}
          meeting={moving}
          onClose={() => setMoving(undefined)}
        />
      )}
      {dialog}
    </Card>
  );
}

/** The days of a series that were left out and are still to come; of a single date, its own. */
export function calledOff(room: Room, now: number): string[] {
  const { booking } = room;
  if (!booking) return [];
  const today = dayOf(now, ownZone());
  if (booking.recurrence) return (booking.recurrence.except ?? []).filter((day) => day >= today);
  const day = booking.starts.slice(0, 10);
  return room.meetings.length === 0 && day > today ? [day] : [];
}

/** Saves the room with this day among its dates again. */
function restored(room: Room, day: string, notify: boolean): Promise<Room> {
  const fields = fieldsOf(room);
  const { booking } = fields;
  const recurrence = booking?.recurrence;
  const next: Schema<'Booking'> | null | undefined = recurrence
    ? {
        ...booking,
        recurrence: {
          ...recurrence,
          except: (recurrence.except ?? []).filter((other) => other !== day),
        },
      }
    : booking;
  return must(
    api.PUT('/api/v1/conference/rooms/{id}', {
      params: { path: { id: room.id } },
      body: { ...fields, booking: next ?? null, version: room.version, notify },
    }),
  );
}
