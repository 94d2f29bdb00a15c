import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, must } from '../../../api/client.ts';

type Query = { q?: string; offset?: number; limit?: number };

/** Whether people may set up targets for themselves. */
export const decisionQuery = queryOptions({
  queryKey: ['admin', 'own-targets', 'decision'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/own-targets/decision', { signal })),
});

export const personsTargetsQuery = (query: Query) =>
  queryOptions({
    queryKey: ['admin', 'own-targets', query],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/own-targets', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
