/** The seat that this tab has in a meeting: a page that is loaded again comes back to it. */
export type SeatOfTab = { meeting: string; resume: string; sealed: boolean };

const STORED = 'fernamt-meeting-seat';

/** Keeps the seat for a reload; the token is good for this tab's seat alone. */
export function rememberSeat(seat: SeatOfTab): void {
  sessionStorage.setItem(STORED, JSON.stringify(seat));
}

/** The seat was left or is gone. */
export function forgetSeat(): void {
  sessionStorage.removeItem(STORED);
}

/** The seat to come back to, if this page was loaded again; whoever opens another address wants to go there. */
export function seatAfterReload(): SeatOfTab | null {
  const [navigation] = performance.getEntriesByType('navigation');
  if ((navigation as PerformanceNavigationTiming | undefined)?.type !== 'reload') return null;
  try {
    const seat = JSON.parse(sessionStorage.getItem(STORED) ?? 'null') as SeatOfTab | null;
    return seat?.meeting && seat.resume ? seat : null;
  } catch {
    return null;
  }
}
