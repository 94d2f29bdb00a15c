import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';

export type StickQuery = {
  q?: string;
  state?: Schema<'StickState'>;
  person?: string;
  copied?: boolean;
  offset?: number;
  limit?: number;
};

const LIVE_MS = 10_000;

export const sticksQuery = (query: StickQuery) =>
  queryOptions({
    queryKey: ['admin', 'sticks', query],
    queryFn: ({ signal }) => must(api.GET('/api/v1/admin/sticks', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });

/** Sticks that were suspended because a copy of them showed up. */
export const copiedSticksQuery = sticksQuery({ copied: true, state: 'suspended', limit: 3 });

export const stickQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'stick', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/sticks/{id}', { params: { path: { id } }, signal })),
    refetchInterval: LIVE_MS,
  });

/** What is handed out with every stick, and what is missing for it. */
export const deliveryQuery = queryOptions({
  queryKey: ['admin', 'sticks', 'delivery'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/sticks/delivery', { signal })),
});
