import type { Schema } from '../../../api/client.ts';
import { type Grammar, isWholeDay, runsOf } from './sentence.ts';

const and = (values: readonly string[]) => new Intl.ListFormat('en-GB').format(values);
const or = (values: readonly string[]) =>
  new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(values);
const quoted = (name: string) => `“${name}”`;

const KINDS: Record<Schema<'TargetKind'>, string> = {
  rdp: 'all desktops',
  web: 'all web applications',
  ssh: 'all SSH hosts',
  tcp: 'all services',
};

const DEVICES: Record<Schema<'DeviceKind'>, string> = {
  browser: 'browser',
  stick: 'stick',
  ssh_key: 'SSH key',
  ssh_password: 'SSH with password and code',
  api_client: 'program (API)',
  phone: 'phone',
  peer: 'WireGuard device',
  thin_client: 'thin client',
};

const STATES: Record<Schema<'DeviceState'>, string> = {
  pending: 'not yet approved',
  approved: 'approved',
  suspended: 'suspended',
  revoked: 'revoked',
};

const DAYS = ['', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** English: "The group “Building” may use “Files”: with a second factor, Monday to Friday from 6:00 to 20:00." */
export const english: Grammar = {
  subject: ({ everybody, groups, people }) => {
    if (everybody) return 'Everybody';
    const named = groups.map(quoted);
    const first =
      named.length === 0 ? '' : `the ${named.length === 1 ? 'group' : 'groups'} ${and(named)}`;
    return capital([first, and(people)].filter(Boolean).join(' as well as '));
  },
  targets: ({ all, targets, bundles, kinds }) => {
    if (all) return 'all targets';
    return [
      and(targets.map(quoted)),
      bundles.length > 0
        ? `everything in the ${bundles.length === 1 ? 'bundle' : 'bundles'} ${and(bundles.map(quoted))}`
        : '',
      and(kinds.map((kind) => KINDS[kind])),
    ]
      .filter(Boolean)
      .join(' as well as ');
  },
  device: (kinds, states) => {
    const adjective = states.length > 0 ? `${or(states.map((state) => STATES[state]))} ` : '';
    if (kinds.length > 0) {
      return `on ${adjective}devices of the kind ${or(kinds.map((kind) => DEVICES[kind]))}`;
    }
    return states.length > 0 ? `on ${adjective}devices` : '';
  },
  secondFactor: 'with a second factor',
  zones: (names) => `through the ${names.length === 1 ? 'zone' : 'zones'} ${or(names.map(quoted))}`,
  networks: (names) => `from the ${names.length === 1 ? 'network' : 'networks'} ${or(names)}`,
  times: (windows) => or(windows.map(windowText)),
  period: (from, until) => {
    if (from && until) return `from ${date(from)} until the end of ${date(until)}`;
    if (from) return `from ${date(from)} on`;
    return until ? `until the end of ${date(until)}` : '';
  },
  sentence: ({ deny, subject, targets, conditions }) => {
    if (!deny) {
      const rest =
        conditions.length > 0 ? `: ${conditions.join(', ')}` : ', at any time and from anywhere';
      return `${subject} may use ${targets}${rest}.`;
    }
    const rest =
      conditions.length === 0
        ? ', whatever the circumstances'
        : conditions.length === 1
          ? `, namely ${conditions[0]}`
          : `, whenever all of this comes together: ${conditions.join(', ')}`;
    return `${subject} may not use ${targets}${rest}. This overrides every permission.`;
  },
  missing: ({ subject, target }) =>
    subject && target
      ? 'Choose whom the rule is for and which targets it is about.'
      : subject
        ? 'Choose whom the rule is for.'
        : 'Choose which targets it is about.',
};

function windowText(window: Schema<'TimeWindow'>): string {
  const days = daysText(window.weekdays);
  if (isWholeDay(window)) return `${days} all day`;
  return `${days} from ${clock(window.from)} to ${clock(window.to)}`;
}

function daysText(weekdays: readonly number[]): string {
  const runs = runsOf(weekdays);
  if (runs.length === 1 && runs[0]?.[0] === 1 && runs[0][1] === 7) return 'daily';
  return and(
    runs.flatMap(([first, last]) => {
      if (last - first >= 2) return [`${DAYS[first]} to ${DAYS[last]}`];
      return first === last ? [DAYS[first] ?? ''] : [DAYS[first] ?? '', DAYS[last] ?? ''];
    }),
  );
}

/** "06:30" is "6:30". */
function clock(time: string): string {
  const [hour = '', minute = ''] = time.split(':');
  return `${Number(hour)}:${minute}`;
}

function date(day: string): string {
  const [year = 0, month = 1, dayOfMonth = 1] = day.split('-').map(Number);
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' }).format(
    new Date(year, month - 1, dayOfMonth),
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
