import { queryOptions } from '@tanstack/react-query';
import { api, must } from '../../../api/client.ts';

/** How the features of mail are switched. */
export const featuresQuery = queryOptions({
  queryKey: ['admin', 'features'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/features', { signal })),
});
