import type { Schema } from '../../../api/client.ts';
import { type Grammar, isWholeDay, runsOf } from './sentence.ts';

const und = (values: readonly string[]) => new Intl.ListFormat('de-DE').format(values);
const oder = (values: readonly string[]) =>
  new Intl.ListFormat('de-DE', { type: 'disjunction' }).format(values);
const quoted = (name: string) => `„${name}“`;

const KINDS: Record<Schema<'TargetKind'>, string> = {
  rdp: 'alle Arbeitsplätze',
  web: 'alle Webanwendungen',
  ssh: 'alle SSH-Zugänge',
  tcp: 'alle Dienste',
};

const DEVICES: Record<Schema<'DeviceKind'>, string> = {
  browser: 'Browser',
  stick: 'Stick',
  ssh_key: 'SSH-Schlüssel',
  ssh_password: 'SSH mit Passwort und Code',
  api_client: 'Programm (API)',
  phone: 'Telefon',
  peer: 'WireGuard-Gerät',
  thin_client: 'Thin Client',
};

const STATES: Record<Schema<'DeviceState'>, string> = {
  pending: 'noch nicht freigegebenen',
  approved: 'freigegebenen',
  suspended: 'vorläufig gesperrten',
  revoked: 'endgültig gesperrten',
};

const DAYS = [
  '',
  'montags',
  'dienstags',
  'mittwochs',
  'donnerstags',
  'freitags',
  'samstags',
  'sonntags',
];

/** German: "Die Gruppe „Bauamt“ darf „Akten“ nutzen: mit zweitem Faktor, montags bis freitags von 6 bis 20 Uhr." */
export const german: Grammar = {
  subject: ({ everybody, groups, people }) => {
    if (everybody) return 'Alle Personen';
    const named = groups.map(quoted);
    const first =
      named.length === 0
        ? []
        : [`${named.length === 1 ? 'die Gruppe' : 'die Gruppen'} ${und(named)}`];
    return capital([...first, und(people)].filter(Boolean).join(' sowie '));
  },
  targets: ({ all, targets, bundles, kinds }) => {
    if (all) return 'alle Ziele';
    return [
      und(targets.map(quoted)),
      bundles.length > 0
        ? `alles ${bundles.length === 1 ? 'im Bündel' : 'in den Bündeln'} ${und(bundles.map(quoted))}`
        : '',
      und(kinds.map((kind) => KINDS[kind])),
    ]
      .filter(Boolean)
      .join(' sowie ');
  },
  device: (kinds, states) => {
    const adjective = states.length > 0 ? `${oder(states.map((state) => STATES[state]))} ` : '';
    if (kinds.length > 0) {
      return `auf ${adjective}Geräten der Art ${oder(kinds.map((kind) => DEVICES[kind]))}`;
    }
    return states.length > 0 ? `auf ${adjective}Geräten` : '';
  },
  secondFactor: 'mit zweitem Faktor',
  zones: (names) =>
    `über ${names.length === 1 ? 'die Zone' : 'die Zonen'} ${oder(names.map(quoted))}`,
  networks: (names) => `aus ${names.length === 1 ? 'dem Netz' : 'den Netzen'} ${oder(names)}`,
  times: (windows) => oder(windows.map(windowText)),
  period: (from, until) => {
    if (from && until) return `vom ${date(from)} bis einschließlich ${date(until)}`;
    if (from) return `ab dem ${date(from)}`;
    return until ? `bis einschließlich ${date(until)}` : '';
  },
  sentence: ({ deny, plural, subject, targets, conditions }) => {
    const verb = plural ? 'dürfen' : 'darf';
    if (!deny) {
      const rest =
        conditions.length > 0 ? `: ${conditions.join(', ')}` : ', jederzeit und von überall';
      return `${subject} ${verb} ${targets} nutzen${rest}.`;
    }
    const rest =
      conditions.length === 0
        ? ', unter keinen Umständen'
        : conditions.length === 1
          ? `, und zwar ${conditions[0]}`
          : `, wenn all das zusammentrifft: ${conditions.join(', ')}`;
    return `${subject} ${verb} ${targets} nicht nutzen${rest}. Das geht jeder Erlaubnis vor.`;
  },
  missing: ({ subject, target }) =>
    subject && target
      ? 'Wählen Sie, für wen die Regel gilt und um welche Ziele es geht.'
      : subject
        ? 'Wählen Sie noch, für wen die Regel gilt.'
        : 'Wählen Sie noch, um welche Ziele es geht.',
};

function windowText(window: Schema<'TimeWindow'>): string {
  const days = daysText(window.weekdays);
  if (isWholeDay(window)) return `${days} ganztägig`;
  return `${days} von ${clock(window.from)} bis ${clock(window.to)} Uhr`;
}

function daysText(weekdays: readonly number[]): string {
  const runs = runsOf(weekdays);
  if (runs.length === 1 && runs[0]?.[0] === 1 && runs[0][1] === 7) return 'täglich';
  return und(
    runs.flatMap(([first, last]) => {
      if (last - first >= 2) return [`${DAYS[first]} bis ${DAYS[last]}`];
      return first === last ? [DAYS[first] ?? ''] : [DAYS[first] ?? '', DAYS[last] ?? ''];
    }),
  );
}

/** "06:00" is "6", "06:30" is "6:30". */
function clock(time: string): string {
  const [hour = '', minute = ''] = time.split(':');
  return minute === '00' ? String(Number(hour)) : `${Number(hour)}:${minute}`;
}

function date(day: string): string {
  const [year = 0, month = 1, dayOfMonth = 1] = day.split('-').map(Number);
  return new Intl.DateTimeFormat('de-DE', { dateStyle: 'long' }).format(
    new Date(year, month - 1, dayOfMonth),
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
