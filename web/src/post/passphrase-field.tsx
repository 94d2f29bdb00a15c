import { useLingui } from '@lingui/react/macro';
import type { ComponentProps } from 'react';
import { PasswordField } from '../ui/fields.tsx';

/** A passphrase that can be looked at while it is typed; its button says which of several fields it is about. */
export function PassphraseField(props: Omit<ComponentProps<typeof PasswordField>, 'looks'>) {
  const { t } = useLingui();
  const { label } = props;
  return (
    <PasswordField {...props} looks={{ show: t`${label} anzeigen`, hide: t`${label} verbergen` }} />
  );
}
