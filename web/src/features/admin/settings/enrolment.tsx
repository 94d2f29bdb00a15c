import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import type { Schema } from '../../../api/client.ts';
import type { Part } from '../../../app/merge.ts';
import { charsOf, TextAreaField, TextField } from '../../../ui/fields.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { strengthWords } from './guard-words.ts';
import { type PhoneValues, phoneParts } from './phones.tsx';
import { APP_PATHS, type AppValues, appOf, appParts, appValuesOf } from './security-app.tsx';

const TEXTS = ['terms_de', 'terms_en'] as const;
const BROWSERS = ['chromium', 'firefox', 'safari'] as const;
const NUMBERS = ['containers', ...BROWSERS] as const;
const FIELDS = [...TEXTS, ...NUMBERS] as const;
type Field = (typeof FIELDS)[number];

export type EnrolmentValues = Record<`enrolment_${Field}`, string> & AppValues & PhoneValues;
type Limits = Schema<'SettingsLimits'>;

type EnrolmentCardProps = {
  limits: Limits;
  field: (name: `enrolment_${Field}`) => {
    name: string;
    value: string;
    onChange: (value: string) => void;
    error: string | undefined;
  };
};

/** What a person meets before a container is made: terms of use, a most of containers, the oldest browsers. */
export function EnrolmentCard({ limits, field }: EnrolmentCardProps) {
  const { t } = useLingui();
  const { least, most } = limits.enrolment_containers;
  return (
    <Card
      title={<Trans>Einrichten eines Containers</Trans>}
      lead={
        <Trans>
          Den Nutzungsbedingungen stimmt jede Person auf jedem Gerät zu, bevor sich dort ein
          Container öffnet, und noch einmal, wenn sich der Text ändert. Sind beide Texte leer und
          keine Sicherheits-App verlangt, wird nichts gefragt.
        </Trans>
      }
    >
      {TEXTS.map((text) => (
        <TextAreaField
          key={text}
          label={enrolmentWords(text)}
          optional
          rows={6}
          limit={limits.enrolment_terms_chars}
          {...field(`enrolment_${text}`)}
        />
      ))}
      <TextField
        label={enrolmentWords('containers')}
        hint={t`Zwischen ${least} und ${most}.`}
        inputMode="numeric"
        {...field('enrolment_containers')}
      />
      <div className="fa-columns">
        {BROWSERS.map((browser) => (
          <TextField
            key={browser}
            label={enrolmentWords(browser)}
            inputMode="numeric"
            {...field(`enrolment_${browser}`)}
          />
        ))}
      </div>
      <p className="fa-muted fa-small">
        <Badge tone="neutral">{strengthWords('policy_only')}</Badge>{' '}
        <Trans>
          0 heißt: jede Version. Ein Browser sagt selbst, welche er hat; wer will, lässt ihn eine
          andere nennen.
        </Trans>
      </p>
    </Card>
  );
}

function enrolmentWords(field: Field): string {
  switch (field) {
    case 'terms_de':
      return t`Nutzungsbedingungen auf Deutsch`;
    case 'terms_en':
      return t`Nutzungsbedingungen auf Englisch`;
    case 'containers':
      return t`Container je Person, höchstens`;
    case 'chromium':
      return t`Älteste Version von Chrome und Edge`;
    case 'firefox':
      return t`Älteste Version von Firefox`;
    case 'safari':
      return t`Älteste Version von Safari`;
  }
}

/** What is wrong with what was typed, by field. */
export function enrolmentFaults(values: EnrolmentValues, limits: Limits) {
  const faults: Partial<Record<keyof EnrolmentValues, string>> = {};
  const chars = limits.enrolment_terms_chars;
  for (const text of TEXTS) {
    if (charsOf(values[`enrolment_${text}`].trim()) > chars) {
      faults[`enrolment_${text}`] = t`Höchstens ${chars} Zeichen.`;
    }
  }
  for (const number of NUMBERS) {
    const { least, most } =
      number === 'containers' ? limits.enrolment_containers : limits.enrolment_browser;
    const typed = values[`enrolment_${number}`].trim();
    const value = Number(typed);
    if (typed === '' || !Number.isInteger(value) || value < least || value > most) {
      faults[`enrolment_${number}`] = t`Eine Zahl zwischen ${least} und ${most}.`;
    }
  }
  return faults;
}

export function enrolmentValuesOf(settings: Schema<'EnrolmentSettings'>): EnrolmentValues {
  const values = Object.fromEntries(
    FIELDS.map((field) => [`enrolment_${field}`, String(settings[field])]),
  ) as Record<`enrolment_${Field}`, string>;
  return { ...values, ...appValuesOf(settings.app), unattested: settings.unattested };
}

export function enrolmentOf(
  values: EnrolmentValues,
  former: Schema<'EnrolmentSettings'>,
): Schema<'EnrolmentSettings'> {
  const { enrolment_terms_de: de, enrolment_terms_en: en } = values;
  return {
    terms_de: de.trim(),
    terms_en: en.trim(),
    containers: Number(values.enrolment_containers),
    chromium: Number(values.enrolment_chromium),
    firefox: Number(values.enrolment_firefox),
    safari: Number(values.enrolment_safari),
    app: appOf(values, former.app),
    unattested: values.unattested,
  };
}

/** The form's fields by the server's names. */
export const ENROLMENT_PATHS = [
  ...FIELDS.map((field) => [`enrolment.${field}`, `enrolment_${field}`] as const),
  ...APP_PATHS,
];

/** How each rule reads where two people changed the settings at once. */
export function enrolmentParts<Values extends EnrolmentValues>(): Part<Values>[] {
  const parts = FIELDS.map((rule): Part<Values> => {
    const field = `enrolment_${rule}` as const;
    return { label: enrolmentWords(rule), fields: [field], text: (values) => values[field] };
  });
  return [...parts, ...appParts<Values>(), ...phoneParts<Values>()];
}
