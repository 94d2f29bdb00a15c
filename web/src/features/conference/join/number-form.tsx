import { Trans, useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { isProblem } from '../../../api/problem.ts';
import { ProblemAlert, useCountdown } from '../../../app/problem-alert.tsx';
import { Button } from '../../../ui/button.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Form, useForm } from '../../../ui/form.tsx';
import { icons } from '../../../ui/icon.tsx';
import { digitsOf, type Key } from './entry.ts';

const NUMBER_DIGITS = 9;
const PIN_DIGITS = 6;

type NumberFormProps = {
  onEnter: (key: Key) => Promise<void>;
  /** How far the proof of work is, where the server asked for one. */
  proof: ReactNode;
};

/** Room number and PIN, as they stand in the invitation. */
export function NumberForm({ onEnter, proof }: NumberFormProps) {
  const { t } = useLingui();
  const form = useForm({
    initial: { number: '', pin: '' },
    validate: ({ number, pin }) => ({
      ...(digitsOf(number).length !== NUMBER_DIGITS && {
        number: t`Die Raumnummer hat neun Ziffern.`,
      }),
      ...(digitsOf(pin).length !== PIN_DIGITS && { pin: t`Die PIN hat sechs Ziffern.` }),
    }),
    submit: ({ number, pin }) =>
      onEnter({ by: 'number_and_pin', number: digitsOf(number), pin: digitsOf(pin) }),
  });
  const wait = isProblem(form.failure) ? form.failure.retryAfterSeconds : undefined;
  const left = useCountdown(wait, form.failure);
  return (
    <Form
      form={form}
      failure={(failure) => <ProblemAlert problem={failure} />}
      actions={
        <Button
          type="submit"
          variant="primary"
          icon={icons.iconArrowForward}
          pending={form.pending}
          isDisabled={left > 0}
        >
          {left > 0 ? <Trans>Weiter in {left} Sekunden</Trans> : <Trans>Weiter</Trans>}
        </Button>
      }
    >
      <TextField
        {...form.field('number')}
        label={t`Raumnummer`}
        hint={<Trans>Neun Ziffern, zum Beispiel 417 203 956</Trans>}
        inputMode="numeric"
        autoComplete="off"
        maxLength={15}
        onChange={(number) => form.set('number', number)}
      />
      <TextField
        {...form.field('pin')}
        label={t`PIN`}
        hint={<Trans>Sechs Ziffern</Trans>}
        inputMode="numeric"
        autoComplete="off"
        maxLength={9}
      />
      {proof}
    </Form>
  );
}
