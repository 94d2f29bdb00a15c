import { queryOptions } from '@tanstack/react-query';
import { api, must } from '../../../api/client.ts';

export const sessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: () => must(api.GET('/api/v1/me/sessions')),
});

export const devicesQuery = queryOptions({
  queryKey: ['me', 'devices'],
  queryFn: () => must(api.GET('/api/v1/me/devices')),
});

export const programsQuery = queryOptions({
  queryKey: ['me', 'programs'],
  queryFn: () => must(api.GET('/api/v1/me/programs')),
});

export const ownTargetsQuery = queryOptions({
  queryKey: ['me', 'own-targets'],
  queryFn: () => must(api.GET('/api/v1/me/own-targets')),
});

export const secondFactorsQuery = queryOptions({
  queryKey: ['me', 'second-factors'],
  queryFn: () => must(api.GET('/api/v1/me/second-factors')),
});
