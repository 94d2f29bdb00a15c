import { useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import type { Act, Guest } from './wire.ts';

type AdmitButtonProps = {
  lobby: readonly Guest[];
  onAct: (act: Act) => Promise<boolean>;
};

/** As long as it takes to see that another list of people stands beside the button. */
const SEEN_AFTER_MS = 1_000;
/** Nobody reads more names than these, and the server takes no longer run of single wishes at once. */
const MAX_ONE_BY_ONE = 20;

/** Lets in those whom the page shows as waiting, and nobody who came a moment before the press. */
export function AdmitButton({ lobby, onAct }: AdmitButtonProps) {
  const { t } = useLingui();
  const shown = lobby.map(({ seat }) => seat).join(' ');
  const [seen, setSeen] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setSeen(shown), SEEN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  const admit = () => {
    // Pressed for the list that stood there before: whom it was meant for nobody knows.
    if (seen !== shown) return;
    if (lobby.length > MAX_ONE_BY_ONE) void onAct({ act: 'admit_all' });
    else for (const { seat } of lobby) void onAct({ act: 'admit', seat });
  };
  return (
    // Not disabled altogether: the keyboard's focus would be lost.
    <Button small variant="primary" aria-disabled={seen !== shown} onPress={admit}>
      {lobby.length === 1 ? t`Einlassen` : t`Alle einlassen`}
    </Button>
  );
}
