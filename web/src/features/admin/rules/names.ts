import { useQuery } from '@tanstack/react-query';
import { allBundlesQuery, allGroupsQuery, allPeopleQuery, allTargetsQuery } from '../queries.ts';
import type { Names } from './sentence.ts';

/** The names behind the ids in rules; "…" while they are on their way. */
export function useNames(): Names {
  const groups = useQuery(allGroupsQuery).data;
  const people = useQuery(allPeopleQuery).data;
  const targets = useQuery(allTargetsQuery).data;
  const bundles = useQuery(allBundlesQuery).data;
  const find = (items: readonly { id: string; name: string }[] | undefined, id: string) =>
    items?.find((item) => item.id === id)?.name ?? '…';
  return {
    group: (id) => find(groups, id),
    person: (id) => people?.find((person) => person.id === id)?.display_name ?? '…',
    target: (id) => find(targets, id),
    bundle: (id) => find(bundles, id),
  };
}
