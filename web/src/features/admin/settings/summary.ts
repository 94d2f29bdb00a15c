import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import { deviceKindName } from '../../../app/device-words.ts';
import { listPart, type Part } from '../../../app/merge.ts';
import { type EnrolmentValues, enrolmentParts } from './enrolment.tsx';
import { type GuardValues, guardParts } from './guards.tsx';
import { type PictureValues, pictureParts } from './pictures.tsx';
import { type PushValues, pushParts } from './push.tsx';
import { categoryWords } from './retention.ts';

/** What is demanded of containers. */
export const CONTAINER_RULES = ['idle_minutes', 'passphrase_chars', 'offline_days'] as const;
type Rule = (typeof CONTAINER_RULES)[number];

export type Values = {
  name: string;
  language: 'de' | 'en';
  accent: string;
  time_zone: string;
  approval_needed: Schema<'DeviceKind'>[];
  idle_minutes: string;
  session_hours: string;
  programs: boolean;
  program_days: string;
} & GuardValues &
  PictureValues &
  PushValues &
  EnrolmentValues &
  Record<`container_${Rule}`, string> &
  Record<`days_${string}`, string>;

export type Periods = readonly Schema<'RetentionRule'>[];

/** The periods that the house may choose. */
export function periodsOf({ retention }: Schema<'SettingsView'>): Periods {
  return retention.filter(({ max_days }) => max_days > 0);
}

/** What a rule for containers is called. */
export function containerWords(rule: Rule): string {
  switch (rule) {
    case 'idle_minutes':
      return t`Container schließen ohne Tätigkeit, in Minuten`;
    case 'passphrase_chars':
      return t`Mindestlänge der Passphrase, in Zeichen`;
    case 'offline_days':
      return t`Container ohne Verbindung öffnen, in Tagen`;
  }
}

/** What the settings say, part by part, in words. */
export function settingsParts(periods: Periods): Part<Values>[] {
  return [
    { label: t`Name der Verwaltung`, fields: ['name'], text: ({ name }) => name },
    { label: t`Zeitzone`, fields: ['time_zone'], text: ({ time_zone: zone }) => zone },
    {
      label: t`Sprache vor der Anmeldung`,
      fields: ['language'],
      text: ({ language }) => (language === 'en' ? 'English' : 'Deutsch'),
    },
    listPart(t`Diese Arten warten auf Freigabe`, 'approval_needed', (kind) =>
      deviceKindName(kind as Schema<'DeviceKind'>),
    ),
    { label: t`Farbe der Fenster`, fields: ['accent'], text: ({ accent }) => accent },
    {
      label: t`Ende ohne Tätigkeit, in Minuten`,
      fields: ['idle_minutes'],
      text: ({ idle_minutes: minutes }) => minutes,
    },
    {
      label: t`Ende in jedem Fall, in Stunden`,
      fields: ['session_hours'],
      text: ({ session_hours: hours }) => hours,
    },
    {
      label: t`Programme mit Zugangsschlüssel`,
      fields: ['programs'],
      text: ({ programs }) => (programs ? t`erlaubt` : t`nicht erlaubt`),
    },
    {
      label: t`Längste Gültigkeit eines Schlüssels, in Tagen`,
      fields: ['program_days'],
      text: ({ program_days: days }) => days,
    },
    ...CONTAINER_RULES.map((rule): Part<Values> => {
      const field = `container_${rule}` as const;
      return { label: containerWords(rule), fields: [field], text: (values) => values[field] };
    }),
    ...guardParts<Values>(t`ja`, t`nein`),
    ...pictureParts<Values>(),
    ...pushParts<Values>(),
    ...enrolmentParts<Values>(),
    ...periods.map(({ category }): Part<Values> => {
      const field = `days_${category}` as const;
      const { name } = categoryWords(category);
      return { label: name, fields: [field], text: (values) => values[field] ?? '' };
    }),
  ];
}
