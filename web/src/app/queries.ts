import { QueryClient, queryOptions, useSuspenseQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { api, must } from '../api/client.ts';
import { isProblem, LineProblem } from '../api/problem.ts';
import type { Session } from '../api/session-keeper.ts';

const STALE_MS = 15_000;
const MAX_RETRIES = 2;

/** The cache of all that the server said. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      // A refusal stays a refusal; only a broken line is worth another try.
      retry: (count, error) => error instanceof LineProblem && count < MAX_RETRIES,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

/** The session in use, or `null` before sign-in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await must(api.GET('/api/v1/session'));
    } catch (error) {
      if (isProblem(error) && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: Number.POSITIVE_INFINITY,
});

/** The session, on pages behind the sign-in. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery);
  // When it ends, the page stays for the moment that the way to the sign-in takes.
  const held = useRef(data);
  if (data) held.current = data;
  if (!held.current) throw new Error('a page behind the sign-in was shown without a session');
  return held.current;
}
