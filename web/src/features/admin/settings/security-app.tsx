import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import type { Schema } from '../../../api/client.ts';
import type { Part } from '../../../app/merge.ts';
import { Checkbox } from '../../../ui/choices.tsx';
import { charsOf, TextField } from '../../../ui/fields.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { number } from '../format.ts';
import { licencesQuery } from '../queries.ts';
import { strengthWords } from './guard-words.ts';

export type AppValues = { app_demanded: boolean; app_name: string; app_licences: string };
type Limits = Schema<'SettingsLimits'>;

type SecurityAppCardProps = {
  limits: Limits;
  demanded: boolean;
  onDemanded: (demanded: boolean) => void;
  field: (name: 'app_name' | 'app_licences') => {
    name: string;
    value: string;
    onChange: (value: string) => void;
    error: string | undefined;
  };
};

/** The security app that private phones need before they get mail, and how many licences there are. */
export function SecurityAppCard({ limits, demanded, onDemanded, field }: SecurityAppCardProps) {
  const { t } = useLingui();
  const { most } = limits.enrolment_licences;
  const taken = number(useQuery(licencesQuery).data?.taken ?? 0);
  return (
    <Card
      title={<Trans>Sicherheits-App auf Telefonen</Trans>}
      lead={
        <Trans>
          Wer ein Telefon oder Tablet einrichtet, bestätigt mit den Nutzungsbedingungen, dass die
          App darauf ist. Jedes Gerät bekommt dabei eine Lizenz. Löschen des Containers und
          endgültiges Sperren geben sie frei.
        </Trans>
      }
    >
      <Checkbox
        label={t`Sicherheits-App verlangen`}
        hint={t`Auch Telefone mit Container brauchen dann eine Lizenz, sobald sie sich das nächste Mal öffnen.`}
        name="app_demanded"
        checked={demanded}
        onChange={onDemanded}
      />
      {demanded && (
        <div className="fa-columns">
          <TextField
            label={nameLabel()}
            maxLength={limits.enrolment_app_chars}
            {...field('app_name')}
          />
          <TextField
            label={licencesLabel()}
            hint={t`Zwischen 1 und ${most}. Vergeben sind ${taken}. Ein Telefon ohne Lizenz bekommt keine Post: Zählen Sie auch die, die schon einen Container haben.`}
            inputMode="numeric"
            {...field('app_licences')}
          />
        </div>
      )}
      <p className="fa-muted fa-small">
        <Badge tone="neutral">{strengthWords('policy_only')}</Badge>{' '}
        <Trans>
          Eine Seite im Browser sieht nicht, welche Apps es gibt. Gezählt werden die Lizenzen; dass
          die App da ist, sagt die Person. Ein iPad nennt sich meist Mac; dann wird es weder gefragt
          noch gezählt.
        </Trans>
      </p>
    </Card>
  );
}

const nameLabel = () => t`Name der App`;
const licencesLabel = () => t`Lizenzen`;

/** What is wrong with what was typed, by field. */
export function appFaults(values: AppValues, limits: Limits) {
  const { enrolment_app_chars: chars, enrolment_licences: range } = limits;
  const { most } = range;
  const faults: Partial<Record<keyof AppValues, string>> = {};
  // Where no app is demanded the fields are not there.
  if (!values.app_demanded) return faults;
  const name = values.app_name.trim();
  if (!name) faults.app_name = t`Nennen Sie die App, die alle brauchen.`;
  if (charsOf(name) > chars) faults.app_name = t`Höchstens ${chars} Zeichen.`;
  const count = Number(values.app_licences.trim());
  if (!Number.isInteger(count) || count < 1 || count > most) {
    faults.app_licences = t`Eine Zahl zwischen 1 und ${most}.`;
  }
  return faults;
}

export function appValuesOf({ demanded, name, licences }: Schema<'SecurityApp'>): AppValues {
  return { app_demanded: demanded, app_name: name, app_licences: String(licences) };
}

/** What was typed counts where the fields are there: else the former words stay. */
export function appOf(values: AppValues, former: Schema<'SecurityApp'>): Schema<'SecurityApp'> {
  if (!values.app_demanded) return { ...former, demanded: false };
  return {
    demanded: true,
    name: values.app_name.trim(),
    licences: Number(values.app_licences),
  };
}

/** The form's fields by the server's names. */
export const APP_PATHS = [
  ['enrolment.app.name', 'app_name'],
  ['enrolment.app.licences', 'app_licences'],
] as const;

/** How each part reads where two people changed the settings at once. */
export function appParts<Values extends AppValues>(): Part<Values>[] {
  return [
    {
      label: t`Sicherheits-App verlangen`,
      fields: ['app_demanded'],
      text: (values) => (values.app_demanded ? t`ja` : t`nein`),
    },
    { label: nameLabel(), fields: ['app_name'], text: (values) => values.app_name },
    { label: licencesLabel(), fields: ['app_licences'], text: (values) => values.app_licences },
  ];
}
