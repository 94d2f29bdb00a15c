import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Icon, icons } from '../../../ui/icon.tsx';
import { AgendaItem, JoinLink, OpensAt } from './parts.tsx';
import { meetingsQuery, type Summary } from './queries.ts';
import './rooms.css';
import { beginsSoon, isOpen } from './times.ts';

/** The list comes by its beginnings: what is on now, and what comes next, stands among the first. */
const ASKED = 10;
/** More stand on their own page. */
const SHOWN = 3;
const REFRESH_MS = 60_000;

/** For the start page: what runs now or begins soon, with the way in. Where nothing does, it says nothing. */
export function SoonMeetings() {
  const meetings = useQuery({ ...meetingsQuery('upcoming', ASKED), refetchInterval: REFRESH_MS });
  const now = Date.now();
  // Asked for again as often as the tiles are, and shown anew each time.
  if (meetings.dataUpdatedAt === 0) return null;
  const soon = meetings.data?.items.filter((meeting) => beginsSoon(meeting, now)) ?? [];
  if (soon.length === 0) return null;
  return (
    <section aria-labelledby="besprechungen-gleich">
      <div className="fa-section-head">
        <h2 id="besprechungen-gleich">
          <Icon of={icons.iconGroups} className="fa-list__icon" />
          <Trans>Besprechungen jetzt und gleich</Trans>
        </h2>
      </div>
      <ul className="fa-agenda fa-agenda--soon">
        {soon.slice(0, SHOWN).map((meeting) => (
          <SoonItem key={meeting.id} meeting={meeting} now={now} />
        ))}
      </ul>
    </section>
  );
}

function SoonItem({ meeting, now }: { meeting: Summary; now: number }) {
  const { owner, role, state } = meeting;
  return (
    <AgendaItem
      meeting={meeting}
      end={
        isOpen(meeting, now) ? (
          <JoinLink meeting={meeting} primary />
        ) : (
          <OpensAt meeting={meeting} />
        )
      }
    >
      <p className="fa-muted">
        {state === 'running' ? <Trans>läuft jetzt</Trans> : <Trans>beginnt gleich</Trans>}
        {role !== 'host' && (
          <>
            {' · '}
            <Trans>{owner.name} hat eingeladen</Trans>
          </>
        )}
      </p>
    </AgendaItem>
  );
}
