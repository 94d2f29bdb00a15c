import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { ErrorPage, NotFoundPage, RootErrorPage } from './pages.tsx';
import { sessionQuery } from './queries.ts';
import { AdminGate, Root } from './root.tsx';

/** The root of all pages. Features hang theirs below the routes of this file. */
export const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: Root,
  notFoundComponent: lazyRouteComponent(() => import('./frame.tsx'), 'RootNotFoundPage'),
  errorComponent: RootErrorPage,
});

/** Pages that need a session; without one, the sign-in comes first and returns here. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'angemeldet',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: '/anmelden', search: { zurueck: location.href } });
    return { session };
  },
});

/** Pages inside the shell: bar, rail, content. */
export const shellRoute = createRoute({
  getParentRoute: () => signedInRoute,
  id: 'haus',
  component: lazyRouteComponent(() => import('./shell.tsx'), 'Shell'),
  notFoundComponent: NotFoundPage,
  errorComponent: ErrorPage,
});

/** The administration; `features/admin` hangs its pages here. */
export const adminRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/verwaltung',
  component: AdminGate,
});
