/** When a device keeps mail in step by itself, and of what it keeps the texts, as the person wants it. */
export type SyncTimes = {
  /** Minutes between two times; 0: as soon as the server says that something changed. */
  everyMin: number;
  /** Minutes since midnight between which it happens; the same twice: all day. Over midnight where `from` is later. */
  fromMin: number;
  toMin: number;
  /** On Saturdays and Sundays as well. */
  weekends: boolean;
  /** Whether also over mobile data, where the browser can tell what the line is. */
  mobile: boolean;
  /** Days back for which texts are read ahead and searched; 0: all that lists hold. */
  days: number;
  /** Folders whose texts are not read ahead. */
  without: string[];
  /** Whether an open page tells of new mail. */
  notices: boolean;
  /** Whether the browser's push service tells of it while the page is closed. */
  push: boolean;
};

/** The choice in force, as those ask for it who bring mail and server together. */
export type Wish = {
  /** How long nothing is to happen by itself; 0: it may now. */
  pauseMs(syncedAtMs: number | null): number;
  /** Of what texts are read ahead. */
  readonly ahead: Pick<SyncTimes, 'days' | 'without'>;
};

/** What the line is. Many browsers do not tell. */
export type LinkKind = 'mobile' | 'other' | 'unknown';

export const USUAL_TIMES: SyncTimes = {
  everyMin: 0,
  fromMin: 0,
  toMin: 0,
  weekends: true,
  mobile: true,
  days: 0,
  without: [],
  notices: false,
  push: false,
};

export const EVERY_MIN = [0, 5, 15, 30, 60, 240] as const;
export const DAYS_BACK = [0, 7, 14, 30, 90] as const;
/** What is kept of folders' names has an end. */
const MAX_FOLDERS = 2_000;

const MINUTE_MS = 60_000;
const DAY_MIN = 24 * 60;
const DAY_MS = DAY_MIN * MINUTE_MS;
/** So long nobody looks again whether it is time: the line may have become another, or the clock. */
const MAX_PAUSE_MS = 15 * MINUTE_MS;

/** What was kept, as far as it has the form; the rest is as usual. */
export function syncTimesOf(said: unknown): SyncTimes {
  const kept = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  const among = <T>(all: readonly T[], one: unknown, usual: T): T =>
    all.includes(one as T) ? (one as T) : usual;
  const minute = (one: unknown) =>
    typeof one === 'number' && Number.isInteger(one) && one >= 0 && one < DAY_MIN ? one : 0;
  const flag = (one: unknown, usual: boolean) => (typeof one === 'boolean' ? one : usual);
  const without = Array.isArray(kept.without) ? kept.without : [];
  return {
    everyMin: among(EVERY_MIN, kept.everyMin as never, USUAL_TIMES.everyMin as never),
    fromMin: minute(kept.fromMin),
    toMin: minute(kept.toMin),
    weekends: flag(kept.weekends, USUAL_TIMES.weekends),
    mobile: flag(kept.mobile, USUAL_TIMES.mobile),
    days: among(DAYS_BACK, kept.days as never, USUAL_TIMES.days as never),
    without: without.filter((id): id is string => typeof id === 'string').slice(0, MAX_FOLDERS),
    notices: flag(kept.notices, USUAL_TIMES.notices),
    push: flag(kept.push, USUAL_TIMES.push),
  };
}

/**
 * How long nothing is to happen by itself from this moment on; 0: it may now. `syncedAtMs` is when it happened last. Times
 * of day are those of the device.
 */
export function pauseMs(
  times: SyncTimes,
  nowMs: number,
  syncedAtMs: number | null,
  link: LinkKind,
): number {
  if (link === 'mobile' && !times.mobile) return MAX_PAUSE_MS;
  // A clock that was set back makes nobody wait longer than the interval.
  const since = syncedAtMs === null || syncedAtMs > nowMs ? null : nowMs - syncedAtMs;
  const left = since === null ? 0 : times.everyMin * MINUTE_MS - since;
  if (left > 0) return Math.min(left, MAX_PAUSE_MS);
  return isWithin(times, new Date(nowMs)) ? 0 : MAX_PAUSE_MS;
}

/** Whether the text of a message is read ahead. */
export function isReadAhead(
  times: Pick<SyncTimes, 'days' | 'without'>,
  message: { atMs: number; boxes: string[] },
  nowMs: number,
): boolean {
  const isYoung = times.days === 0 || message.atMs >= nowMs - times.days * DAY_MS;
  return isYoung && !message.boxes.every((box) => times.without.includes(box));
}

/** Names what texts are read ahead; another name is another choice. Empty for what is usual. */
export function aheadKey({ days, without }: Pick<SyncTimes, 'days' | 'without'>): string {
  if (days === 0 && without.length === 0) return '';
  return JSON.stringify([days, [...without].sort()]);
}

function isWithin({ fromMin, toMin, weekends }: SyncTimes, at: Date): boolean {
  const minute = at.getHours() * 60 + at.getMinutes();
  const isOver = fromMin > toMin;
  if (fromMin !== toMin) {
    const isIn = isOver ? minute >= fromMin || minute < toMin : minute >= fromMin && minute < toMin;
    if (!isIn) return false;
  }
  // What goes on past midnight belongs to the day on which it began.
  const began = isOver && minute < toMin ? new Date(at.getTime() - DAY_MS) : at;
  const isWeekend = began.getDay() === 0 || began.getDay() === 6;
  return weekends || !isWeekend;
}
