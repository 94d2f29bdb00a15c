import { t } from '@lingui/core/macro';
import { CLASSES, className, lobbyName } from '../../../app/meeting-words.ts';
import type { Part } from '../../../app/merge.ts';
import { formatMinutes } from '../../../ui/time.tsx';
import { list, number } from '../format.ts';
import {
  type Allowed,
  DUTIES,
  isMinutes,
  type Limits,
  NUMBERS,
  type Values,
} from './settings-values.ts';

export const ALLOWED = ['everybody', 'groups', 'nobody'] as const satisfies readonly Allowed[];

export function dutyName(duty: (typeof DUTIES)[number]): string {
  switch (duty) {
    case 'personal':
      return t`Wer darf einen persönlichen Raum haben?`;
    case 'meetings':
      return t`Wer darf Besprechungen buchen?`;
    case 'lectures':
      return t`Wer darf Vorträge buchen?`;
  }
}

export function allowedName(allowed: Allowed): string {
  switch (allowed) {
    case 'everybody':
      return t`alle im Haus`;
    case 'groups':
      return t`nur bestimmte Gruppen`;
    case 'nobody':
      return t`niemand`;
  }
}

export function numberName(name: keyof Limits): string {
  switch (name) {
    case 'lead_minutes':
      return t`Eintritt vor Beginn, in Minuten`;
    case 'lag_minutes':
      return t`Eintritt nach dem Ende, in Minuten`;
    case 'personal_hours':
      return t`Persönlicher Raum offen, in Stunden`;
    case 'most_minutes':
      return t`Längste Besprechung, in Minuten`;
    case 'most_participants':
      return t`Personen in einer Besprechung`;
    case 'most_listeners':
      return t`Zuhörende in einem Vortrag`;
    case 'most_running':
      return t`Besprechungen zugleich`;
  }
}

/** What the rules say, part by part, in words. */
export function settingsParts(groupName: (id: string) => string): Part<Values>[] {
  return [
    ...DUTIES.map((duty): Part<Values> => {
      const groups = `${duty}_groups` as const;
      return {
        label: dutyName(duty),
        fields: [duty, groups],
        text: (values) =>
          values[duty] === 'groups'
            ? list(values[groups].map(groupName))
            : allowedName(values[duty]),
      };
    }),
    ...NUMBERS.map(
      (name): Part<Values> => ({
        label: numberName(name),
        fields: [name],
        text: (values) =>
          isMinutes(name) ? formatMinutes(Number(values[name])) : number(Number(values[name])),
      }),
    ),
    {
      label: t`Womit Formulare beginnen`,
      fields: ['default_protection'],
      text: ({ default_protection: name }) => className(name).label,
    },
    ...CLASSES.map((name): Part<Values> => {
      const title = className(name).label;
      return {
        label: t`Klasse „${title}“`,
        fields: [`stricter_${name}`, `days_${name}`],
        text: (values) => {
          const { lobby, guests, encryption } = values[`stricter_${name}`];
          const [who, days] = [lobbyName(lobby), values[`days_${name}`]];
          return [
            guests
              ? t`im Warteraum wartet: ${who}; Chat ${days} Tage; Gäste ohne Konto zugelassen`
              : t`im Warteraum wartet: ${who}; Chat ${days} Tage; keine Gäste ohne Konto`,
            ...(encryption === 'end_to_end' ? [t`von Gerät zu Gerät verschlüsselt`] : []),
          ].join('; ');
        },
      };
    }),
    {
      label: t`Einladungen per E-Mail`,
      fields: ['mail'],
      text: ({ mail }) => (mail ? t`ja` : t`nein`),
    },
  ];
}
