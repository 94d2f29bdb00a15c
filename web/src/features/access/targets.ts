import { queryOptions } from '@tanstack/react-query';
import { api, must, type Schema } from '../../api/client.ts';

export type Target = Schema<'MyTarget'>;
export type Gateway = Schema<'SshGateway'>;
export type Folder = { name: string; targets: Target[] };

/** Health changes while one looks at the page. */
const REFRESH_MS = 60_000;

export const targetsQuery = queryOptions({
  queryKey: ['me', 'targets'],
  queryFn: () => must(api.GET('/api/v1/me/targets')),
  refetchInterval: REFRESH_MS,
});

/** Last used first, then by name. */
export function byLastUse(targets: readonly Target[]): Target[] {
  return [...targets].sort(
    (a, b) =>
      (b.last_used_on ?? '').localeCompare(a.last_used_on ?? '') ||
      a.name.localeCompare(b.name, 'de'),
  );
}

/** The targets under their headings; those without one stand first. */
export function byFolder(targets: readonly Target[]): Folder[] {
  const folders = new Map<string, Target[]>();
  for (const target of targets) {
    const folder = folders.get(target.folder);
    if (folder) folder.push(target);
    else folders.set(target.folder, [target]);
  }
  return [...folders]
    .map(([name, inside]) => ({ name, targets: inside }))
    .sort((a, b) => a.name.localeCompare(b.name, 'de'));
}

/** Targets whose name, heading or description holds every word, whatever its case or accents. */
export function search(targets: readonly Target[], query: string): Target[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return targets.filter((target) => {
    const text = fold(`${target.name} ${target.folder} ${target.description}`);
    return words.every((word) => text.includes(word));
  });
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/ß/g, 'ss').toLowerCase();
}
