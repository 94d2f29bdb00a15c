import { t } from '@lingui/core/macro';
import { deviceKindName, deviceState } from '../../../app/device-words.ts';
import type { Part, Versions } from '../../../app/merge.ts';
import { locale } from '../../../i18n/index.ts';
import { list } from '../format.ts';
import { effectWord } from '../words.ts';
import { networksOf, type RuleValues } from './form-values.ts';
import { type Names, type RuleForm, rulePhrases, ruleSentence } from './sentence.ts';

/** A rule with the fields of its form beside the others, where two changes are brought together field by field. */
export type FlatRule = Omit<RuleValues, 'form'> & Omit<RuleForm, 'networks'>;

/** Lays the form's fields beside the others. */
export function flat({ form: { networks: _, ...form }, ...values }: RuleValues): FlatRule {
  return { ...form, ...values };
}

/** Puts the form's fields back into it. */
export function folded({ name, enabled, mode, cedar, networks, ...form }: FlatRule): RuleValues {
  const whole = { ...form, networks: networksOf(networks) };
  return { name, enabled, mode, cedar, networks, form: whole };
}

/** What a rule says, part by part, in words; a rule that is a text, or has become one, as a whole. */
export function ruleParts(names: Names) {
  return ({ before, theirs, mine }: Versions<FlatRule>): Part<FlatRule>[] => {
    const versions = [before, theirs, mine];
    const isForm = versions.every(({ mode }) => mode === 'form');
    return [
      { label: t`Name der Regel`, fields: ['name'], text: ({ name }) => name },
      ...(isForm ? formParts(names) : [wholePart(versions, names)]),
      {
        label: t`Eingeschaltet`,
        fields: ['enabled'],
        text: ({ enabled }) => (enabled ? t`ja` : t`nein`),
      },
    ];
  };
}

const APART: ReadonlySet<string> = new Set(['name', 'enabled']);

function wholePart(versions: readonly FlatRule[], names: Names): Part<FlatRule> {
  const fields = new Set(versions.flatMap((one) => Object.keys(one) as (keyof FlatRule)[]));
  return {
    label: t`Die Regel`,
    fields: [...fields].filter((field) => !APART.has(field)),
    text: (values) =>
      values.mode === 'expert'
        ? values.cedar
        : ruleSentence(folded(values).form, names, locale()).text,
  };
}

function formParts(names: Names): Part<FlatRule>[] {
  const phrase = (of: keyof ReturnType<typeof rulePhrases>) => (values: FlatRule) =>
    rulePhrases(folded(values).form, names, locale())[of];
  return [
    {
      label: t`Was tut die Regel?`,
      fields: ['effect'],
      text: ({ effect }) => effectWord(effect).label,
    },
    {
      label: t`Für wen?`,
      fields: ['everybody', 'groups', 'people'],
      text: phrase('subject'),
    },
    {
      label: t`Welche Ziele?`,
      fields: ['all_targets', 'targets', 'bundles', 'target_kinds'],
      text: phrase('targets'),
    },
    {
      label: t`Auf welchen Geräten?`,
      fields: ['device_kinds'],
      text: ({ device_kinds: kinds }) => list((kinds ?? []).map(deviceKindName)),
    },
    {
      label: t`In welchem Zustand?`,
      fields: ['device_states'],
      text: ({ device_states: states }) =>
        list((states ?? []).map((state) => deviceState(state).label)),
    },
    {
      label: t`Nur mit zweitem Faktor`,
      fields: ['second_factor'],
      text: ({ second_factor: needed }) => (needed ? t`ja` : t`nein`),
    },
    { label: t`Wann?`, fields: ['times'], text: phrase('times') },
    {
      label: t`Über welchen Zugang?`,
      fields: ['zones'],
      text: ({ zones }) => list(zones ?? []),
    },
    {
      label: t`Aus welchen Netzen?`,
      fields: ['networks'],
      text: ({ networks }) => list(networksOf(networks)),
    },
    { label: t`Zeitraum`, fields: ['valid_from', 'valid_until'], text: phrase('period') },
  ];
}
