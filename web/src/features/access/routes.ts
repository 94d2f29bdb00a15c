import { createRoute } from '@tanstack/react-router';
import { shellRoute, signedInRoute } from '../../app/parents.ts';
import { loadCatalogue } from '../../i18n/index.ts';

const start = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  loader: () => loadCatalogue('access'),
}).lazy(() => import('./start-page.tsx').then((page) => page.StartRoute));

const application = createRoute({
  getParentRoute: () => shellRoute,
  path: '/anwendung/$targetId',
  loader: () => loadCatalogue('access'),
}).lazy(() => import('./application-page.tsx').then((page) => page.ApplicationRoute));

/** Pages inside the shell. */
export const accessRoutes = [start, application] as const;

const desktop = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/arbeitsplatz/$targetId',
  loader: () => loadCatalogue('access'),
}).lazy(() => import('./desktop/desktop-page.tsx').then((page) => page.DesktopRoute));

/** The desktop fills its tab: no shell. */
export const desktopRoutes = [desktop] as const;
