import { t } from '@lingui/core/macro';
import { Trans, useLingui } from '@lingui/react/macro';
import type { Schema } from '../../../api/client.ts';
import type { Part } from '../../../app/merge.ts';
import { RadioGroup } from '../../../ui/choices.tsx';
import { Badge } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { strengthWords } from './guard-words.ts';
import { TONES } from './guards.tsx';

type Unattested = Schema<'Unattested'>;
export type PhoneValues = { unattested: Unattested };

const CHOICES = ['allow', 'online_only', 'refuse'] as const satisfies readonly Unattested[];

type PhonesCardProps = { value: Unattested; onChange: (unattested: Unattested) => void };

/** What phones and tablets may do, of which no browser attests what became of their system. */
export function PhonesCard({ value, onChange }: PhonesCardProps) {
  const { t } = useLingui();
  return (
    <Card
      title={<Trans>Telefone und Tablets</Trans>}
      lead={
        <Trans>
          Eine Seite im Browser sieht nicht, ob jemand das System eines Telefons verändert hat
          („Root“, „Jailbreak“), und kein Browser bescheinigt es. Was Sie hier wählen, gilt deshalb
          für jedes Telefon und Tablet.
        </Trans>
      }
    >
      <RadioGroup
        legend={legend()}
        name="unattested"
        options={CHOICES.map((choice) => ({
          value: choice,
          label: choiceWords(choice),
          hint: choiceHint(choice),
        }))}
        value={value}
        onChange={onChange}
      />
      <p className="fa-muted fa-small">
        <Badge tone={TONES.hindered}>{strengthWords('hindered')}</Badge>{' '}
        <Trans>
          Ein Browser sagt selbst, auf welchem System er läuft. Wer keines nennt, das man von PCs
          kennt, gilt als Telefon. Ein iPad, und jedes Telefon mit „Desktop-Website“, meldet sich
          dagegen wie ein PC.
        </Trans>
      </p>
      <p className="fa-muted fa-small">{t`Bei Geräten mit Container gilt eine Änderung, sobald sie sich das nächste Mal melden. Post wird dabei nicht gelöscht.`}</p>
    </Card>
  );
}

const legend = () => t`Post auf Telefonen und Tablets`;

function choiceWords(choice: Unattested): string {
  switch (choice) {
    case 'allow':
      return t`erlauben`;
    case 'online_only':
      return t`nur mit Verbindung entsperren`;
    case 'refuse':
      return t`ablehnen`;
  }
}

function choiceHint(choice: Unattested): string {
  switch (choice) {
    case 'allow':
      return t`Wie auf einem PC.`;
    case 'online_only':
      return t`Ein Container öffnet sich dort nie ohne den Server, wie viele Tage auch sonst erlaubt sind.`;
    case 'refuse':
      return t`Die Leitstelle kann keines freigeben, und ein Container, den es schon gibt, öffnet sich nicht mehr.`;
  }
}

/** How it reads where two people changed the settings at once. */
export function phoneParts<Values extends PhoneValues>(): Part<Values>[] {
  return [
    {
      label: legend(),
      fields: ['unattested'],
      text: ({ unattested }) => choiceWords(unattested),
    },
  ];
}
