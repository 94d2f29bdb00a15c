import { Trans, useLingui } from '@lingui/react/macro';
import type { Schema } from '../../../api/client.ts';
import type { Part } from '../../../app/merge.ts';
import { Checkbox } from '../../../ui/choices.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { GUARDS, type Guard, guardWords, type Strength, strengthWords } from './guard-words.ts';
import './guards.css';

export type GuardValues = Record<`guard_${Guard}`, boolean>;

type GuardsCardProps = {
  values: GuardValues;
  onChange: (guard: `guard_${Guard}`, on: boolean) => void;
};

/** How a word for how well a rule holds looks. */
export const TONES = { enforced: 'success', hindered: 'warning', policy_only: 'neutral' } as const;

/** What may leave a container, each with the word for how well that holds in a browser. */
export function GuardsCard({ values, onChange }: GuardsCardProps) {
  const { t } = useLingui();
  return (
    <Card
      title={<Trans>Was den Container verlassen darf</Trans>}
      lead={
        <Trans>
          Eine Seite im Browser kann vor Versehen schützen und nicht vor Absicht. Darum steht bei
          jeder Regel, wie weit sie trägt.
        </Trans>
      }
    >
      <ul className="fa-guards" aria-label={t`Regeln für Anhänge und Texte`}>
        {GUARDS.map((guard) => {
          const { label, hint, strength } = guardWords(guard);
          const field = `guard_${guard}` as const;
          return (
            <li key={guard}>
              <Checkbox
                label={label}
                hint={hint}
                name={field}
                checked={values[field]}
                onChange={(on) => onChange(field, on)}
              />
              <Badge tone={TONES[strength]}>{strengthWords(strength)}</Badge>
            </li>
          );
        })}
      </ul>
      <dl className="fa-guards__legend fa-muted fa-small">
        {(['enforced', 'hindered', 'policy_only'] as Strength[]).map((strength) => (
          <div key={strength}>
            <dt>{strengthWords(strength)}</dt>
            <dd>{legend(strength)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function legend(strength: Strength) {
  switch (strength) {
    case 'enforced':
      return <Trans>Der Server oder die Verschlüsselung sorgt dafür, auch gegen Absicht.</Trans>;
    case 'hindered':
      return (
        <Trans>
          Der übliche Weg ist versperrt. Wer es darauf anlegt, kommt mit den Werkzeugen des Browsers
          oder einem Foto daran vorbei.
        </Trans>
      );
    case 'policy_only':
      return <Trans>Verhindert nichts. Es erinnert daran oder hilft hinterher.</Trans>;
  }
}

export function guardValuesOf({ guards }: Schema<'ContainerSettings'>): GuardValues {
  return Object.fromEntries(
    GUARDS.map((guard) => [`guard_${guard}`, guards[guard]]),
  ) as GuardValues;
}

export function guardsOf(values: GuardValues): Schema<'ContainerGuards'> {
  return Object.fromEntries(
    GUARDS.map((guard) => [guard, values[`guard_${guard}`]]),
  ) as Schema<'ContainerGuards'>;
}

/** How each rule reads where two people changed the settings at once. */
export function guardParts<Values extends GuardValues>(on: string, off: string): Part<Values>[] {
  return GUARDS.map((guard): Part<Values> => {
    const field = `guard_${guard}` as const;
    return {
      label: guardWords(guard).label,
      fields: [field],
      text: (values) => (values[field] ? on : off),
    };
  });
}
