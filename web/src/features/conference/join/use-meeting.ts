import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { type Entering, Meeting, type MeetingView } from '../meeting/controller.ts';
import type { LocalSource } from '../meeting/media/session.ts';
import { rememberKey } from './entry.ts';

/** After these nobody comes back by loading the page anew. */
const finals = new Set<string>([
  'removed',
  'not_admitted',
  'meeting_ended',
  'time_over',
  'cancelled',
]);

const nobody = () => () => undefined;

/** The one meeting that this page is in, as a store; it ends with the page. */
export function useMeeting(onDeviceError: (error: unknown, source: LocalSource) => void) {
  const [meeting, setMeeting] = useState<Meeting | null>(null);
  const open = useRef<Meeting | null>(null);
  const view = useSyncExternalStore<MeetingView | null>(
    meeting?.subscribe ?? nobody,
    meeting?.get ?? (() => null),
  );
  const join = useCallback(
    (entering: Entering) => {
      const next = new Meeting(entering, { onDeviceError });
      open.current = next;
      next.open();
      setMeeting(next);
    },
    [onDeviceError],
  );
  const forget = useCallback(() => {
    open.current?.close();
    open.current = null;
    setMeeting(null);
  }, []);
  useEffect(
    () => () => {
      open.current?.leave();
      open.current?.close();
    },
    [],
  );
  const ended = view?.ended;
  useEffect(() => {
    if (ended && finals.has(ended)) rememberKey(null);
  }, [ended]);
  return { meeting, view, join, forget };
}
