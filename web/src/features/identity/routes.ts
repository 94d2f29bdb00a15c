import { createRoute, redirect } from '@tanstack/react-router';
import { rootRoute, shellRoute } from '../../app/parents.ts';
import { sessionQuery } from '../../app/queries.ts';
import { loadCatalogue } from '../../i18n/index.ts';
import { wayBack } from './way-back.ts';

type SignInSearch = {
  /** Where to go on after the sign-in: an address of ours. */
  zurueck?: string;
  /** The session ended by itself. */
  beendet?: boolean;
  /** The person signed out. */
  abgemeldet?: boolean;
};

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: '/anmelden',
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({
    ...(ownAddress(search.zurueck) && { zurueck: String(search.zurueck) }),
    ...(search.beendet === true && { beendet: true }),
    ...(search.abgemeldet === true && { abgemeldet: true }),
  }),
  beforeLoad: async ({ context, search }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (session) throw redirect(wayBack(search.zurueck));
  },
  loader: () => loadCatalogue('identity'),
}).lazy(() => import('./sign-in-page.tsx').then((page) => page.SignInRoute));

const setup = createRoute({
  getParentRoute: () => rootRoute,
  path: '/einrichten',
  loader: () => loadCatalogue('identity'),
}).lazy(() => import('./setup-page.tsx').then((page) => page.SetupRoute));

/** Pages before the sign-in. */
export const frontRoutes = [signIn, setup] as const;

const account = createRoute({
  getParentRoute: () => shellRoute,
  path: '/konto',
  loader: () => Promise.all([loadCatalogue('identity'), loadCatalogue('identity/account')]),
}).lazy(() => import('./account/layout.tsx').then((page) => page.AccountRoute));

const accountIndex = createRoute({
  getParentRoute: () => account,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/konto/geraete', replace: true });
  },
});

const devices = createRoute({
  getParentRoute: () => account,
  path: '/geraete',
}).lazy(() => import('./account/devices-page.tsx').then((page) => page.DevicesRoute));

const security = createRoute({
  getParentRoute: () => account,
  path: '/sicherheit',
}).lazy(() => import('./account/security-page.tsx').then((page) => page.SecurityRoute));

const sshKeys = createRoute({
  getParentRoute: () => account,
  path: '/ssh-schluessel',
}).lazy(() => import('./account/ssh-keys-page.tsx').then((page) => page.SshKeysRoute));

const ownTargets = createRoute({
  getParentRoute: () => account,
  path: '/eigene-ziele',
}).lazy(() => import('./account/own-targets-page.tsx').then((page) => page.OwnTargetsRoute));

const appearance = createRoute({
  getParentRoute: () => account,
  path: '/darstellung',
}).lazy(() => import('./account/appearance-page.tsx').then((page) => page.AppearanceRoute));

/** What the signed-in person manages for themselves. */
export const accountRoute = account.addChildren([
  accountIndex,
  devices,
  security,
  sshKeys,
  ownTargets,
  appearance,
]);

/** Only our own pages: an address handed in must not lead anywhere else. */
function ownAddress(value: unknown): boolean {
  return typeof value === 'string' && /^\/(?![/\\])/.test(value) && !value.startsWith('/anmelden');
}
