import type { Schema } from '../../../api/client.ts';
import type { Feature } from './words.ts';

type Switch = Schema<'FeatureSwitch'>;

/** How a feature is switched: for all, and by group. */
export type Setting = { everybody: boolean; on: string[]; off: string[] };
export type Values = Record<Feature, Setting>;

/** What stands in the field of a group. */
export type Mark = 'as_all' | 'on' | 'off';

export function valuesOf({ switches }: Pick<Schema<'FeatureTable'>, 'switches'>): Values {
  const settings = switches.map(({ feature, everybody, on = [], off = [] }) => [
    feature,
    { everybody, on: [...on].sort(), off: [...off].sort() },
  ]);
  return Object.fromEntries(settings) as Values;
}

export function switchesOf(values: Values): Switch[] {
  const settings = Object.entries(values) as [Feature, Setting][];
  return settings.map(([feature, setting]) => ({ feature, ...setting }));
}

export function markOf({ on, off }: Setting, group: string): Mark {
  if (off.includes(group)) return 'off';
  return on.includes(group) ? 'on' : 'as_all';
}

export function marked({ everybody, on, off }: Setting, group: string, mark: Mark): Setting {
  const put = (groups: string[], where: Mark) => {
    const others = groups.filter((id) => id !== group);
    return mark === where ? [...others, group].sort() : others;
  };
  return { everybody, on: put(on, 'on'), off: put(off, 'off') };
}

/** Whether somebody may lose the feature by this change. */
export function takesAway(before: Setting, after: Setting): boolean {
  const isFewer =
    (before.everybody && !after.everybody) || after.off.some((id) => !before.off.includes(id));
  return isFewer || (!after.everybody && before.on.some((id) => !after.on.includes(id)));
}

/** The groups of which the table says anything. */
export function groupsIn(values: Values): string[] {
  const named = Object.values(values).flatMap(({ on, off }) => [...on, ...off]);
  return [...new Set(named)];
}
