import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../app/parents.ts';
import { sessionQuery } from '../../app/queries.ts';
import { loadCatalogue } from '../../i18n/index.ts';

/** Help; also before the sign-in. */
export const helpRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/hilfe',
  beforeLoad: ({ context }) => context.queryClient.ensureQueryData(sessionQuery),
  loader: () => loadCatalogue('help'),
}).lazy(() => import('./help-page.tsx').then((page) => page.HelpRoute));
