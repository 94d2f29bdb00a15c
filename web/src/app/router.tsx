import { createRouter } from '@tanstack/react-router';
import { accessRoutes, desktopRoutes } from '../features/access/routes.ts';
import { adminRoutes } from '../features/admin/routes.ts';
import { joinRoute } from '../features/conference/join/routes.ts';
import { roomsRoute } from '../features/conference/rooms/routes.ts';
import { helpRoute } from '../features/help/routes.ts';
import { accountRoute, frontRoutes } from '../features/identity/routes.ts';
import { Loading } from '../ui/notice.tsx';
import { adminRoute, rootRoute, shellRoute, signedInRoute } from './parents.ts';
import { queryClient } from './queries.ts';

const routeTree = rootRoute.addChildren([
  ...frontRoutes,
  helpRoute,
  joinRoute,
  signedInRoute.addChildren([
    ...desktopRoutes,
    shellRoute.addChildren([
      ...accessRoutes,
      roomsRoute,
      accountRoute,
      adminRoute.addChildren(adminRoutes),
    ]),
  ]),
]);

/** The app's pages and their addresses. */
export const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  defaultPendingComponent: Loading,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

// A reader hears where it landed: the new page's heading takes the focus.
router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
  if (!fromLocation || !pathChanged) return;
  const target =
    document.querySelector<HTMLElement>('main h1') ?? document.getElementById('inhalt');
  target?.focus({ preventScroll: true });
});
