import type { components } from '../../src/api/api-schema.d.ts';
import type { MockOffice } from './mock-office.ts';

type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];
type Switch = Schema<'FeatureSwitch'>;

const FEATURES: Schema<'Feature'>[] = [
  'attachments',
  'files',
  'download',
  'offline',
  'notices',
  'pictures',
  'sharing',
  'delegation',
  'absence',
  'programs',
];

/** Features of mail that change as the page changes them, and licences of a security app. */
export function furnishFeatures(
  office: MockOffice,
  [first, second]: readonly Schema<'GroupSummary'>[],
): MockOffice {
  const off: Partial<Record<Schema<'Feature'>, Partial<Switch>>> = {
    download: { everybody: false, on: second ? [second.id] : [] },
    files: { off: first ? [first.id] : [] },
  };
  let version = 1;
  let switches = FEATURES.map(
    (feature): Switch => ({ feature, everybody: true, on: [], off: [], ...off[feature] }),
  );
  const table = () => ({ version: String(version), switches, max_groups: 200 });
  return office
    .on('GET', '/admin/features', () => ({ body: table() }))
    .on('PUT', '/admin/features', (body: Record<string, unknown>) => {
      version += 1;
      switches = body.switches as Switch[];
      return { body: table() };
    })
    .on('GET', '/admin/licences', {
      demanded: true,
      app: 'Wächter Mobil',
      licences: 40,
      taken: 37,
    });
}
