import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../../app/parents.ts';
import { loadCatalogue } from '../../../i18n/index.ts';

type JoinSearch = {
  /** A room that a signed-in person enters as themselves. */
  raum?: string;
  /** Which of its meetings. */
  termin?: string;
};

const text = (value: unknown) => (typeof value === 'string' && value ? value : undefined);

/** The way into a meeting and the meeting itself: for everybody, signed in or not. The link's secret stands behind `#`. */
export const joinRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/besprechung',
  validateSearch: (search: Record<string, unknown>): JoinSearch => {
    const raum = text(search.raum);
    const termin = text(search.termin);
    return { ...(raum && { raum }), ...(termin && { termin }) };
  },
  loader: () =>
    Promise.all([loadCatalogue('conference/join'), loadCatalogue('conference/meeting')]),
}).lazy(() => import('./join-page.tsx').then((page) => page.JoinRoute));
