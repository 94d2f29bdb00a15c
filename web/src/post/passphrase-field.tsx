import { useLingui } from '@lingui/react/macro';
import type { ComponentProps } from 'react';
import { PasswordField } from '../ui/fields.tsx';

/** A passphrase that can be looked at while it is typed. */
export function PassphraseField(props: Omit<ComponentProps<typeof PasswordField>, 'looks'>) {
  const { t } = useLingui();
  return (
    <PasswordField
      {...props}
      looks={{ show: t`Passphrase anzeigen`, hide: t`Passphrase verbergen` }}
    />
  );
}
