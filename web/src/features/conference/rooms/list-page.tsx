import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Loaded } from '../../../app/loaded.tsx';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { EmptyState } from '../../../ui/notice.tsx';
import { Page, TabLink, Tabs } from '../../../ui/page.tsx';
import { AgendaItem, JoinLink, MeetingBadges, OpensAt } from './parts.tsx';
import { PersonalRooms } from './personal-rooms.tsx';
import { MEETINGS_AT_ONCE, meetingsQuery, optionsQuery, type Summary } from './queries.ts';
import { byDay, dayName, daysAhead, ownZone } from './times.ts';

/** The most entries that the server returns at once. */
const MOST_AT_ONCE = 200;

/** What one is invited to or runs, by day, and the own room. */
export function ListPage() {
  const { t } = useLingui();
  const { vergangen: past = false } = useSearch({ from: '/angemeldet/haus/besprechungen' });
  const { data: options } = useQuery(optionsQuery);
  const books = options?.may_create.some((kind) => kind !== 'personal') ?? false;
  return (
    <Page
      title={t`Besprechungen`}
      lead={
        <span className="fa-not-on-phone">
          <Trans>Wozu Sie eingeladen sind und was Sie selbst gebucht haben.</Trans>
        </span>
      }
      actions={
        <>
          <ButtonLink to="/besprechung" icon={icons.iconPin}>
            <Trans>Raumnummer eingeben</Trans>
          </ButtonLink>
          {books && (
            <ButtonLink to="/besprechungen/neu" variant="primary" icon={icons.iconAdd}>
              <Trans>Besprechung buchen</Trans>
            </ButtonLink>
          )}
        </>
      }
    >
      <PersonalRooms />
      <section className="fa-stack">
        <Tabs label={t`Zeitraum`}>
          <TabLink
            to="/besprechungen"
            search={{}}
            activeOptions={{ exact: true, includeSearch: true }}
          >
            <Trans>Anstehend</Trans>
          </TabLink>
          <TabLink
            to="/besprechungen"
            search={{ vergangen: true }}
            activeOptions={{ exact: true, includeSearch: true }}
          >
            <Trans>Vergangen</Trans>
          </TabLink>
        </Tabs>
        <Agenda key={String(past)} past={past} books={books} />
      </section>
    </Page>
  );
}

function Agenda({ past, books }: { past: boolean; books: boolean }) {
  const [limit, setLimit] = useState(MEETINGS_AT_ONCE);
  const meetings = useQuery(meetingsQuery(past ? 'past' : 'upcoming', limit));
  const now = Date.now();
  return (
    <Loaded query={meetings}>
      {({ items, total }) => {
        // The own room stands above, with its number and PIN.
        const shown = items.filter(({ kind, role }) => kind !== 'personal' || role !== 'host');
        if (shown.length === 0 && items.length >= total)
          return <Nothing past={past} books={books} />;
        return (
          <>
            <div className="fa-agenda">
              {byDay(shown, now, ownZone()).map(({ day, meetings: found }) => (
                <section key={day} aria-labelledby={`tag-${day}`}>
                  <h2 id={`tag-${day}`}>
                    <DayTitle day={day} now={now} />
                  </h2>
                  <ul>
                    {found.map((meeting) => (
                      <MeetingItem key={meeting.id} meeting={meeting} past={past} />
                    ))}
                  </ul>
                </section>
              ))}
            </div>
            {items.length < total && limit < MOST_AT_ONCE && (
              <div className="fa-row">
                <Button
                  icon={icons.iconKeyboardArrowDown}
                  pending={meetings.isPlaceholderData}
                  onPress={() => setLimit(MOST_AT_ONCE)}
                >
                  <Trans>Mehr anzeigen</Trans>
                </Button>
                <span className="fa-muted">
                  <Plural
                    value={total - items.length}
                    one="noch ein Termin"
                    other="noch # Termine"
                  />
                </span>
              </div>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function DayTitle({ day, now }: { day: string; now: number }) {
  const name = dayName(day, now);
  const ahead = daysAhead(day, now, ownZone());
  if (ahead === 0) return <Trans>Heute, {name}</Trans>;
  if (ahead === 1) return <Trans>Morgen, {name}</Trans>;
  if (ahead === -1) return <Trans>Gestern, {name}</Trans>;
  return name;
}

function MeetingItem({ meeting, past }: { meeting: Summary; past: boolean }) {
  const { role, owner, open_now: open, state } = meeting;
  const later = !open && !past && state === 'planned';
  return (
    <AgendaItem
      meeting={meeting}
      end={
        <>
          {open && <JoinLink meeting={meeting} primary />}
          {later && <OpensAt meeting={meeting} />}
        </>
      }
    >
      <p className="fa-muted">
        {role === 'host' ? (
          <Trans>Sie haben eingeladen</Trans>
        ) : (
          <Trans>{owner.name} hat eingeladen</Trans>
        )}
        {meeting.recurring && (
          <>
            {' · '}
            <Trans>Serie</Trans>
          </>
        )}
      </p>
      <div className="fa-agenda__badges">
        <MeetingBadges meeting={meeting} />
      </div>
    </AgendaItem>
  );
}

function Nothing({ past, books }: { past: boolean; books: boolean }) {
  if (past) {
    return (
      <EmptyState icon={icons.iconHistory} title={<Trans>Noch keine Besprechung vorbei</Trans>} />
    );
  }
  return (
    <EmptyState
      icon={icons.iconEvent}
      title={<Trans>Nichts steht an</Trans>}
      actions={
        books && (
          <ButtonLink to="/besprechungen/neu" icon={icons.iconAdd}>
            <Trans>Besprechung buchen</Trans>
          </ButtonLink>
        )
      }
    >
      <p>
        <Trans>
          Wozu Sie eingeladen werden, erscheint hier von selbst. Mit Raumnummer und PIN kommen Sie
          auch ohne Einladung hinein.
        </Trans>
      </p>
    </EmptyState>
  );
}
