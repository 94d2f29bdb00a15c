import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { TextAreaField } from '../../../ui/fields.tsx';
import type { FormState } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { noAddresses, tooManyPeople } from './check.ts';
import { typedOutside, type Values, written } from './form-values.ts';

type OutsideProps = {
  form: Pick<FormState<Values>, 'values' | 'errors' | 'set'>;
  /** As many can be invited. */
  most: number;
};

/** Addresses of people from elsewhere. What is only typed is invited too, when the form is sent. */
export function OutsideField({ form, most }: OutsideProps) {
  const { t } = useLingui();
  const { people, outside } = form.values;
  const [fault, setFault] = useState<string>();
  const type = (text: string) => {
    setFault(undefined);
    form.set('outside', text);
  };
  const add = () => {
    const { fresh, twice, wrong } = typedOutside(form.values);
    const room = Math.max(0, most - people.length);
    form.set('people', [...people, ...fresh.slice(0, room)]);
    type([...wrong, ...fresh.slice(room).map(written)].join('\n'));
    const known = twice.map(({ address }) => address).join(', ');
    setFault(
      [
        wrong.length > 0 && noAddresses(wrong),
        known && t`Schon eingeladen: ${known}.`,
        fresh.length > room && tooManyPeople(most),
      ]
        .filter(Boolean)
        .join(' ') || undefined,
    );
  };
  return (
    <div className="fa-stack fa-stack--tight">
      <TextAreaField
        label={t`Adressen von außerhalb`}
        name="outside"
        optional
        rows={2}
        hint={t`Eine E-Mail-Adresse je Zeile, auch als „Name <adresse>“.`}
        error={form.errors.outside ?? fault}
        spellCheck={false}
        value={outside}
        onChange={type}
      />
      <div>
        <Button small icon={icons.iconAdd} isDisabled={!outside.trim()} onPress={add}>
          <Trans>Adressen hinzufügen</Trans>
        </Button>
      </div>
    </div>
  );
}
