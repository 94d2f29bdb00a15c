import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

/** What a form was filled from, and how to come by a newer version of it. */
export type Held<Data> = {
  data: Data;
  /** Counts how often the form was filled: the key of the form, so that it begins anew. */
  filling: number;
  /** After our own change: go on from what the server made of it. */
  take: (next: Data) => void;
  /** Drops what was typed and takes the newest version. */
  reload: () => void;
  /** Asks for the newest version and leaves the form as it is. */
  newest: () => Promise<Data>;
  /** Saves from now on over this version, with what stands in the form. */
  rebase: (next: Data) => void;
  /** While something is typed, a newer version must not replace it unasked. */
  setTyped: (typed: boolean) => void;
};

/**
 * Holds the version that a form is being filled from. Untouched forms follow the server; a form with
 * changes keeps its version, so that saving meets the conflict instead of overwriting it unseen.
 */
export function useHeld<Data extends { id?: string; version: string }>(
  query: Pick<UseQueryResult<Data>, 'data' | 'error' | 'refetch'>,
): Held<Data> | undefined {
  const [state, setState] = useState<{ data: Data; filling: number }>();
  const [typed, setTyped] = useState(false);
  const fill = (data: Data) =>
    setState((before) => ({ data, filling: (before?.filling ?? 0) + 1 }));
  const newest = async () => {
    const { data: next, error } = await query.refetch();
    if (!next || error) throw error;
    return next;
  };
  const hands = {
    take: fill,
    newest,
    rebase: (data: Data) => setState((before) => ({ data, filling: before?.filling ?? 0 })),
    setTyped,
  };
  const { data } = query;
  const held = state?.data;
  const other = data && held && data.id !== held.id;
  if (data && (!held || other || (!typed && data.version !== held.version))) {
    fill(data);
    if (typed) setTyped(false);
    return { ...hands, data, filling: (state?.filling ?? 0) + 1, reload: () => undefined };
  }
  if (!state) return undefined;
  const reload = async () => {
    const { data: next } = await query.refetch();
    if (next) fill(next);
    setTyped(false);
  };
  return { ...hands, ...state, reload: () => void reload() };
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
