import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import type { FormState } from '../../ui/form.tsx';
import { StateText } from '../../ui/notice.tsx';
import { PassphraseField } from '../passphrase-field.tsx';
import type { NewPassphrase } from '../passphrase-rule.ts';
import type { Office } from '../standing.ts';
import { type Strength, strengthOf } from '../strength.ts';

type NewPassphraseProps = {
  form: FormState<NewPassphrase>;
  standing: Office;
  label: string;
};

/**
 * A new passphrase, typed twice, with what it is worth. Browsers are not offered to keep it: it would lie in the same
 * profile as what it closes.
 */
export function NewPassphraseFields({ form, standing, label }: NewPassphraseProps) {
  const { t } = useLingui();
  const { minCharacters } = standing;
  const { passphrase } = form.values;
  const known = [standing.person.displayName, standing.person.name, standing.office];
  return (
    <>
      <div>
        <PassphraseField
          label={label}
          autoComplete="off"
          hint={
            <Trans>
              Mindestens {minCharacters} Zeichen. Gut sind mehrere Wörter, die nichts miteinander zu
              tun haben.
            </Trans>
          }
          {...form.field('passphrase')}
        />
        <p className="fp-strength" role="status">
          {passphrase && <StrengthText of={strengthOf(passphrase, minCharacters, known)} />}
        </p>
      </div>
      <PassphraseField
        label={t`Passphrase wiederholen`}
        autoComplete="off"
        {...form.field('again')}
      />
    </>
  );
}

function StrengthText({ of }: { of: Strength }): ReactNode {
  switch (of) {
    case 'short':
      return <Trans>Noch zu kurz</Trans>;
    case 'weak':
      return (
        <StateText tone="warning">
          <Trans>Schwach: leicht zu erraten</Trans>
        </StateText>
      );
    case 'fair':
      return (
        <StateText tone="info">
          <Trans>Ausreichend: ein Wort mehr macht sie stärker</Trans>
        </StateText>
      );
    case 'good':
      return (
        <StateText tone="success">
          <Trans>Stark</Trans>
        </StateText>
      );
  }
}
