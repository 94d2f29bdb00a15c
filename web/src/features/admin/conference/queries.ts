import { queryOptions } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';

export type Webhook = Schema<'Webhook'>;

const LIVE_MS = 5_000;

/** What runs now, and how hard the machine works for it; looked at again and again. */
export const runningQuery = queryOptions({
  queryKey: ['admin', 'conference', 'running'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/conference/running', { signal })),
  refetchInterval: LIVE_MS,
});

export const conferenceSettingsQuery = queryOptions({
  queryKey: ['admin', 'conference', 'settings'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/conference/settings', { signal })),
});

export const webhooksQuery = queryOptions({
  queryKey: ['admin', 'webhooks'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/webhooks', { signal })),
});

export const webhookQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'webhook', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/webhooks/{id}', { params: { path: { id } }, signal })),
  });

/** The newest deliveries of a webhook; looked at again, because they are tried again. */
export const deliveriesQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'webhook', id, 'deliveries'],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/webhooks/{id}/deliveries', { params: { path: { id } }, signal })),
    refetchInterval: LIVE_MS,
  });
