import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import type { ListSearch } from '../routes.ts';

const TYPING_MS = 250;

/** What a list shows, kept in the address: it survives a reload and can be sent to a colleague. */
export function useUrlState() {
  const search: ListSearch = useSearch({ from: '/angemeldet/haus/verwaltung/rubriken' });
  const navigate = useNavigate();
  const change = (part: { [Key in keyof ListSearch]: ListSearch[Key] | undefined }) => {
    const next = Object.entries({ ...search, seite: undefined, ...part }).filter(
      ([, value]) => value !== undefined && value !== '',
    );
    void navigate({ to: '.', search: Object.fromEntries(next) as ListSearch, replace: true });
  };
  return [search, change] as const;
}

/** A search field that asks once the typing pauses. */
export function useSearchText(): { value: string; onChange: (value: string) => void } {
  const [{ suche = '' }, change] = useUrlState();
  const [typed, setTyped] = useState(suche);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the pause
  useEffect(() => {
    if (typed === suche) return;
    const timer = setTimeout(() => change({ suche: typed }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return { value: typed, onChange: setTyped };
}

/** The value if it is one of these; an address may say anything. */
export function oneOf<Value extends string>(
  values: readonly Value[],
  value: string | undefined,
): Value | undefined {
  return values.find((known) => known === value);
}
