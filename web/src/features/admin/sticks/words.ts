import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import { deviceState, type Word } from '../../../app/device-words.ts';
import { icons } from '../../../ui/icon.tsx';
import { day, number } from '../format.ts';

type Stick = Schema<'Stick'>;
type Line = Schema<'LineQuality'>;

export const STICK_STATES = ['ordered', 'pending', 'approved', 'suspended', 'revoked'] as const;

/** What can be looked for: the states, and the alarm. */
export const STICK_FILTERS = ['copied', ...STICK_STATES] as const;

/** How things stand, where a list is narrowed down by it. */
export function stickFilterName(filter: (typeof STICK_FILTERS)[number]): string {
  switch (filter) {
    case 'copied':
      return t`Kopie abgewiesen`;
    case 'ordered':
      return t`noch nicht aktiviert`;
    default:
      return deviceState(filter).label;
  }
}

/** Whether its activation code can still be used. */
export function codeWaits({ activation_until: until }: Stick, now = Date.now()): boolean {
  return Boolean(until && Date.parse(until) > now);
}

/** How things stand with a stick. */
export function stickState(stick: Stick): Word {
  if (stick.copied && stick.state !== 'revoked') {
    return { label: t`Kopie abgewiesen`, tone: 'danger', icon: icons.iconWarning };
  }
  switch (stick.state) {
    case 'ordered':
      return codeWaits(stick)
        ? { label: t`wartet auf Aktivierung`, tone: 'info', icon: icons.iconHourglassTop }
        : { label: t`Aktivierungscode abgelaufen`, tone: 'warning' };
    case 'revoked':
      if (stick.revoked_as === 'lost') {
        return { label: t`verloren, gesperrt`, tone: 'neutral', icon: icons.iconBlock };
      }
      return stick.revoked_as === 'ended'
        ? { label: t`beendet`, tone: 'neutral', icon: icons.iconBlock }
        : deviceState('revoked');
    default:
      return deviceState(stick.state);
  }
}

/** What belongs to the state: until when, since when. */
export function stateNote(stick: Stick): string {
  if (stick.state === 'revoked') return '';
  if (stick.copied && stick.copied_at) {
    const noticed = day(localDay(stick.copied_at));
    return t`bemerkt am ${noticed}`;
  }
  if (stick.activation_until && codeWaits(stick)) {
    const until = day(localDay(stick.activation_until));
    return t`Code gilt bis ${until}`;
  }
  return '';
}

/** The day of a moment by the clock of this browser. */
function localDay(moment: string): string {
  const at = new Date(moment);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** From here on a line is felt: typing lags, pictures come late. The stick's window says the same. */
const WEAK_MS = 250;
const WEAK_PERMILLE = 20;
/** Up to there nobody notices that they are not in the house. */
const FAIR_MS = 120;
const FAIR_PERMILLE = 5;

/** How a line does, in two words. */
export function lineWord({ round_trip_ms: ms, loss_permille: loss }: Line): Word {
  if (ms >= WEAK_MS || loss >= WEAK_PERMILLE) {
    return { label: t`schwache Leitung`, tone: 'warning', icon: icons.iconWifiOff };
  }
  return ms < FAIR_MS && loss < FAIR_PERMILLE
    ? { label: t`gute Leitung`, tone: 'success' }
    : { label: t`brauchbare Leitung`, tone: 'neutral', icon: icons.iconCheck };
}

/** The same in numbers: "300 ms, 3 % Verlust". */
export function lineNumbers({ round_trip_ms, loss_permille }: Line): string {
  const ms = number(round_trip_ms);
  const loss = number(loss_permille / 10);
  return loss_permille > 0 ? t`${ms} ms, ${loss} % Verlust` : t`${ms} ms`;
}

/** How a stick gets out of the network it is plugged in. */
export function transportName(transport: Line['transport']): string {
  switch (transport) {
    case 'ssh':
      return t`unmittelbar über den SSH-Port`;
    case 'websocket':
      return t`über den HTTPS-Port`;
    case 'proxy':
      return t`über den HTTPS-Port und einen Proxy`;
  }
}

/** The operating system that a stick was last plugged in at. */
export function systemName(system: string): string {
  const names: Record<string, string> = { linux: 'Linux', windows: 'Windows' };
  return names[system] ?? system;
}

/** Why somebody got no stick. */
export function leftOutText(reason: Schema<'LeftOutReason'>): string {
  switch (reason) {
    case 'disabled':
      return t`das Konto ist deaktiviert`;
    case 'has_stick':
      return t`hat schon einen Stick`;
    case 'too_many_devices':
      return t`hat schon so viele Geräte, wie möglich sind`;
  }
}
