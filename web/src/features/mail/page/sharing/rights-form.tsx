import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { Checkbox } from '../../../../ui/choices.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { MAIL_RIGHTS, type MailRight } from '../../model.ts';
import { rightWords } from './words.ts';

type RightsFormProps = {
  name: string;
  first: readonly MailRight[];
  /** Whether rights can be taken away, and none added. */
  takesOnly: boolean;
  pending: boolean;
  onSave: (rights: MailRight[]) => void;
  onCancel: () => void;
};

/** What somebody may do in a mailbox, to choose with plain words. */
export function RightsForm({ name, first, takesOnly, pending, onSave, onCancel }: RightsFormProps) {
  const { t } = useLingui();
  const [rights, setRights] = useState<readonly MailRight[]>(['read', ...first]);
  const form = useRef<HTMLFieldSetElement>(null);
  // It stands where the search was.
  useEffect(() => form.current?.focus(), []);
  const set = (right: MailRight, on: boolean) =>
    setRights(MAIL_RIGHTS.filter((one) => (one === right ? on : rights.includes(one))));
  return (
    <fieldset className="fa-sharing__rights" ref={form} tabIndex={-1}>
      <legend>{t`Was darf ${name}?`}</legend>
      {MAIL_RIGHTS.map((right) => {
        const { name: label, hint } = rightWords(right);
        return (
          <Checkbox
            key={right}
            name={`recht-${right}`}
            label={label}
            hint={hint}
            checked={rights.includes(right)}
            isDisabled={right === 'read' || (takesOnly && !first.includes(right))}
            onChange={(on) => set(right, on)}
          />
        );
      })}
      <div className="fa-row">
        <Button
          variant="primary"
          icon={icons.iconCheck}
          pending={pending}
          onPress={() => onSave(MAIL_RIGHTS.filter((one) => rights.includes(one)))}
        >
          <Trans>Rechte speichern</Trans>
        </Button>
        <Button onPress={onCancel}>
          <Trans>Abbrechen</Trans>
        </Button>
      </div>
    </fieldset>
  );
}
