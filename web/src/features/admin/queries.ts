import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, must, type Schema } from '../../api/client.ts';
import { announce } from '../../ui/status.tsx';

/** Entries on one page of a list. */
export const PAGE_SIZE = 50;
/** The most entries that the server returns at once. */
const MAX_PAGE = 200;
/** More pages than this are not fetched to fill a list of choices. */
const MAX_CHOICE_PAGES = 10;
const LIVE_MS = 10_000;

type Query = { q?: string; offset?: number; limit?: number };
export type DeviceQuery = Query & {
  state?: Schema<'DeviceState'>;
  kind?: Schema<'DeviceKind'>;
  person?: string;
};
export type TargetQuery = Query & { kind?: Schema<'TargetKind'>; health?: Schema<'HealthState'> };
export type AuditQuery = {
  kind?: Schema<'AuditKind'>;
  outcome?: Schema<'Outcome'>;
  target?: string;
  pseudonym?: string;
  from?: string;
  until?: string;
  before?: number;
  limit?: number;
};

/** How the installation fares; looked at again and again. */
export const healthQuery = queryOptions({
  queryKey: ['admin', 'health'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/health', { signal })),
  refetchInterval: LIVE_MS,
});

export const peopleQuery = (query: Query) =>
  queryOptions({
    queryKey: ['admin', 'people', query],
    queryFn: ({ signal }) => must(api.GET('/api/v1/admin/people', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });

export const personQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'person', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/people/{id}', { params: { path: { id } }, signal })),
  });

export const personTargetsQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'person', id, 'targets'],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/people/{id}/targets', { params: { path: { id } }, signal })),
  });

export const groupsQuery = (query: Query) =>
  queryOptions({
    queryKey: ['admin', 'groups', query],
    queryFn: ({ signal }) => must(api.GET('/api/v1/admin/groups', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });

export const groupQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'group', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/groups/{id}', { params: { path: { id } }, signal })),
  });

export const targetsQuery = (query: TargetQuery) =>
  queryOptions({
    queryKey: ['admin', 'targets', query],
    queryFn: ({ signal }) => must(api.GET('/api/v1/admin/targets', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });

export const targetQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'target', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/targets/{id}', { params: { path: { id } }, signal })),
  });

export const bundlesQuery = (query: Query) =>
  queryOptions({
    queryKey: ['admin', 'bundles', query],
    queryFn: ({ signal }) => must(api.GET('/api/v1/admin/bundles', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });

export const bundleQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'bundle', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/bundles/{id}', { params: { path: { id } }, signal })),
  });

export const devicesQuery = (query: DeviceQuery) =>
  queryOptions({
    queryKey: ['admin', 'devices', query],
    queryFn: ({ signal }) => must(api.GET('/api/v1/admin/devices', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });

export const licencesQuery = queryOptions({
  queryKey: ['admin', 'licences'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/licences', { signal })),
  refetchInterval: LIVE_MS,
});

export const rulesQuery = queryOptions({
  queryKey: ['admin', 'rules'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/rules', { signal })),
});

export const ruleQuery = (id: string) =>
  queryOptions({
    queryKey: ['admin', 'rule', id],
    queryFn: ({ signal }) =>
      must(api.GET('/api/v1/admin/rules/{id}', { params: { path: { id } }, signal })),
  });

export const rulePreviewQuery = (body: Schema<'RuleBody'>) =>
  queryOptions({
    queryKey: ['admin', 'rule-preview', body],
    queryFn: ({ signal }) => must(api.POST('/api/v1/admin/rules/preview', { body, signal })),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const sessionsQuery = (query: Query) =>
  queryOptions({
    queryKey: ['admin', 'sessions', query],
    queryFn: ({ signal }) => must(api.GET('/api/v1/admin/sessions', { params: { query }, signal })),
    placeholderData: keepPreviousData,
    refetchInterval: LIVE_MS,
  });

export const directoriesQuery = queryOptions({
  queryKey: ['admin', 'directories'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/directories', { signal })),
});

export const tokensQuery = (query: Query) =>
  queryOptions({
    queryKey: ['admin', 'tokens', query],
    queryFn: ({ signal }) => must(api.GET('/api/v1/admin/tokens', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });

export const settingsQuery = queryOptions({
  queryKey: ['admin', 'settings'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/settings', { signal })),
});

export const importsQuery = queryOptions({
  queryKey: ['admin', 'targets', 'imports'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/targets/imports', { signal })),
});

export const revealsQuery = queryOptions({
  queryKey: ['admin', 'audit', 'reveals'],
  queryFn: ({ signal }) => must(api.GET('/api/v1/admin/audit/reveals', { signal })),
  refetchInterval: LIVE_MS,
});

type Numbered<Item> = { items: Item[]; total: number };

async function all<Item>(page: (query: Query) => Promise<Numbered<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  for (let round = 0; round < MAX_CHOICE_PAGES; round += 1) {
    const answer = await page({ offset: items.length, limit: MAX_PAGE });
    items.push(...answer.items);
    if (items.length >= answer.total || answer.items.length === 0) break;
  }
  return items;
}

/** All groups, to choose from and to name them. */
export const allGroupsQuery = queryOptions({
  queryKey: ['admin', 'groups', 'all'],
  queryFn: ({ signal }) =>
    all((query) => must(api.GET('/api/v1/admin/groups', { params: { query }, signal }))),
});

/** All targets, to choose from and to name them. */
export const allTargetsQuery = queryOptions({
  queryKey: ['admin', 'targets', 'all'],
  queryFn: ({ signal }) =>
    all((query) => must(api.GET('/api/v1/admin/targets', { params: { query }, signal }))),
});

/** All bundles, to choose from and to name them. */
export const allBundlesQuery = queryOptions({
  queryKey: ['admin', 'bundles', 'all'],
  queryFn: ({ signal }) =>
    all((query) => must(api.GET('/api/v1/admin/bundles', { params: { query }, signal }))),
});

/** All people, to choose from and to name them. */
export const allPeopleQuery = queryOptions({
  queryKey: ['admin', 'people', 'all'],
  queryFn: ({ signal }) =>
    all((query) => must(api.GET('/api/v1/admin/people', { params: { query }, signal }))),
});

/** Drops what is undefined, so that optional query parameters stay out of the address. */
export function given<Given extends Record<string, unknown>>(values: Given) {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== ''),
  ) as { [Key in keyof Given]?: Exclude<Given[Key], undefined | ''> };
}

type DeedOptions<Result> = {
  /** What the status region says when it is done. */
  done?: string | ((result: Result) => string);
  onDone?: (result: Result) => void;
};

/**
 * Something an administrator does. Whatever it changes, everything shown is asked for again: rules,
 * groups and targets name each other, and a stale name misleads.
 */
export function useDeed<Args = void, Result = unknown>(
  deed: (args: Args) => Promise<Result>,
  { done, onDone }: DeedOptions<Result> = {},
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deed,
    onSuccess: (result) => {
      void client.invalidateQueries({ queryKey: ['admin'] });
      if (done) announce('success', typeof done === 'function' ? done(result) : done);
      onDone?.(result);
    },
  });
}
