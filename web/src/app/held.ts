import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

/** What a form was filled from, and how to come by a newer version of it. */
export type Held<Data> = {
  data: Data;
  /** After our own change: go on from what the server made of it. */
  take: (next: Data) => void;
  /** Drops what was typed and takes the newest version. */
  reload: () => void;
  /** While something is typed, a newer version must not replace it unasked. */
  setTyped: (typed: boolean) => void;
};

/**
 * Holds the version that a form is being filled from. Untouched forms follow the server; a form with
 * changes keeps its version, so that saving meets the conflict instead of overwriting it unseen.
 */
export function useHeld<Data extends { id: string; version: string }>(
  query: Pick<UseQueryResult<Data>, 'data' | 'refetch'>,
): Held<Data> | undefined {
  const [held, setHeld] = useState<Data>();
  const [typed, setTyped] = useState(false);
  const { data } = query;
  const other = data && held && data.id !== held.id;
  if (data && (!held || other || (!typed && data.version !== held.version))) {
    setHeld(data);
    if (typed) setTyped(false);
    return { data, take: setHeld, reload: () => undefined, setTyped };
  }
  if (!held) return undefined;
  const reload = async () => {
    const { data: next } = await query.refetch();
    if (next) setHeld(next);
    setTyped(false);
  };
  return { data: held, take: setHeld, reload: () => void reload(), setTyped };
}

/** Tells the holder whether the form differs from what it was filled from. */
export function useTyped(
  held: Pick<Held<never>, 'setTyped'>,
  values: unknown,
  initial: unknown,
): boolean {
  const typed = JSON.stringify(values) !== JSON.stringify(initial);
  const { setTyped } = held;
  useEffect(() => setTyped(typed), [typed, setTyped]);
  return typed;
}
