import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { adminRoute } from '../../app/parents.ts';
import { loadCatalogue } from '../../i18n/index.ts';

type Pages = typeof import('./pages.ts');

/** All administration pages are one chunk: nobody else needs them. */
const page = (name: keyof Pages) => lazyRouteComponent(() => import('./pages.ts'), name);

/** What stands in the address of a list, so that it can be kept and sent on. */
export type ListSearch = {
  suche?: string;
  seite?: number;
  art?: string;
  zustand?: string;
  ergebnis?: string;
  person?: string;
  ziel?: string;
  von?: string;
  bis?: string;
};

const TEXTS = ['suche', 'art', 'zustand', 'ergebnis', 'person', 'ziel', 'von', 'bis'] as const;

function listSearch(search: Record<string, unknown>): ListSearch {
  const found: ListSearch = {};
  for (const key of TEXTS) {
    const value = search[key];
    if (typeof value === 'string' && value) found[key] = value;
    if (typeof value === 'number') found[key] = String(value);
  }
  const seite = Number(search.seite);
  if (Number.isInteger(seite) && seite > 1) found.seite = seite;
  return found;
}

const layout = createRoute({
  getParentRoute: () => adminRoute,
  id: 'rubriken',
  validateSearch: listSearch,
  loader: () => loadCatalogue('admin'),
  component: page('AdminLayout'),
});

const at = <const Path extends string>(path: Path, name: keyof Pages) =>
  createRoute({ getParentRoute: () => layout, path, component: page(name) });

/** The pages of the administration, below `/verwaltung`. */
export const adminRoutes = [
  layout.addChildren([
    at('/', 'OverviewPage'),
    at('personen', 'PeoplePage'),
    at('personen/neu', 'NewPersonPage'),
    at('personen/$id', 'PersonPage'),
    at('gruppen', 'GroupsPage'),
    at('gruppen/$id', 'GroupPage'),
    at('verzeichnis', 'DirectoryPage'),
    at('funktionspostfaecher', 'MailboxesPage'),
    at('funktionen', 'FeaturesPage'),
    at('token', 'TokensPage'),
    at('ziele', 'TargetsPage'),
    at('ziele/neu', 'NewTargetPage'),
    at('ziele/einspielen', 'ImportPage'),
    at('ziele/$id', 'TargetPage'),
    at('buendel', 'BundlesPage'),
    at('buendel/neu', 'NewBundlePage'),
    at('buendel/$id', 'BundlePage'),
    at('regeln', 'RulesPage'),
    at('regeln/neu', 'NewRulePage'),
    at('regeln/$id', 'RulePage'),
    at('warum', 'WhyPage'),
    at('eigene-ziele', 'OwnTargetsPage'),
    at('geraete', 'DevicesPage'),
    at('sticks', 'SticksPage'),
    at('sticks/neu', 'NewSticksPage'),
    at('sticks/$id', 'StickPage'),
    at('sitzungen', 'SessionsPage'),
    at('protokoll', 'AuditPage'),
    at('einstellungen', 'SettingsPage'),
    at('besprechungen', 'RunningMeetingsPage'),
    at('besprechungsregeln', 'ConferenceSettingsPage'),
    at('webhooks', 'WebhooksPage'),
    at('webhooks/neu', 'NewWebhookPage'),
    at('webhooks/$id', 'WebhookPage'),
  ]),
];
