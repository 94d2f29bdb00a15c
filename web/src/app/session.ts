import { keepSession, sessionFound } from '../api/session-keeper.ts';
import { queryClient, sessionQuery } from './queries.ts';
import { router } from './router.tsx';

const isMeeting = () => router.state.location.pathname === '/besprechung';
const hasOwnLine = () => isMeeting() || router.state.location.pathname.startsWith('/arbeitsplatz/');
const isFront = () => /^\/(anmelden|einrichten)\b/.test(router.state.location.pathname);

/** Ties the session's life to the pages: its end leads to the sign-in, which returns here. */
export function followSession(): void {
  keepSession({
    // The own line of a desktop or a meeting tells it, and says why.
    isWatched: () => !isFront() && !hasOwnLine(),
    onSession: (session) => queryClient.setQueryData(sessionQuery.queryKey, session),
    onEnded: (how) => {
      const known = queryClient.getQueryData(sessionQuery.queryKey);
      queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
      queryClient.setQueryData(sessionQuery.queryKey, null);
      // The first question of a fresh page is answered by the route's own guard.
      if (!known || isFront() || isMeeting()) return;
      void router.navigate({
        to: '/anmelden',
        search:
          how === 'signed_out'
            ? { abgemeldet: true }
            : { zurueck: router.state.location.href, beendet: true },
      });
    },
    onSignedIn: () => {
      if (!isFront()) return;
      queryClient.removeQueries(sessionQuery);
      void router.invalidate();
    },
  });
  const stop = queryClient.getQueryCache().subscribe(({ query }) => {
    if (query.queryHash !== '["session"]' || !query.state.data) return;
    stop();
    sessionFound(query.state.data as Parameters<typeof sessionFound>[0]);
  });
}
