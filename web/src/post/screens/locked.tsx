import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { icons } from '../../ui/icon.tsx';
import type { PostShell } from '../controller.ts';
import { PassphraseField } from '../passphrase-field.tsx';
import { MAX_PASSPHRASE_CHARS } from '../standing.ts';
import type { State } from '../state.ts';
import { charactersOf } from '../strength.ts';
import { ComplaintAlert, useSecondsLeft } from './complaint.tsx';
import { LockCauseText } from './lock-cause.tsx';
import { Panel } from './panel.tsx';
import { WipeDialog } from './wipe-dialog.tsx';

type LockedScreenProps = { state: State & { at: 'locked' }; shell: PostShell };

/** The passphrase opens the container; whoever has forgotten it begins anew. */
export function LockedScreen({ state, shell }: LockedScreenProps) {
  const { t } = useLingui();
  const { standing, complaint, attempts, working, locked } = state;
  const [passphrase, setPassphrase] = useState('');
  const [fault, setFault] = useState<string>();
  const [wiping, setWiping] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const left = useSecondsLeft(complaint, attempts);
  const isWrong = complaint?.kind === 'wrong_passphrase';

  useEffect(() => {
    // Whoever mistyped types anew.
    if (attempts > 0 && isWrong) {
      setPassphrase('');
      input.current?.focus();
    }
  }, [attempts, isWrong]);

  const submit = () => {
    if (left > 0) return;
    const isTyped = passphrase !== '' && charactersOf(passphrase) <= MAX_PASSPHRASE_CHARS;
    setFault(isTyped ? undefined : t`Bitte geben Sie Ihre Passphrase ein.`);
    if (isTyped) void shell.unlock(passphrase);
  };
  const wrong = isWrong && passphrase === '' ? t`Diese Passphrase stimmt nicht.` : undefined;
  return (
    <Panel title={t`Post entsperren`} office={standing.office}>
      <LockCauseText cause={locked} />
      <form
        className="fa-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {complaint && <ComplaintAlert complaint={complaint} left={left} />}
        <PassphraseField
          label={t`Passphrase`}
          name="passphrase"
          autoComplete="off"
          autoFocus
          value={passphrase}
          onChange={(value) => {
            setPassphrase(value);
            setFault(undefined);
          }}
          error={fault ?? wrong}
          inputRef={input}
        />
        <p className="kern-sr-only" role="alert">
          {fault ?? wrong}
        </p>
        <div className="fa-form__actions">
          <Button
            type="submit"
            variant="primary"
            block
            icon={icons.iconLockOpen}
            pending={working}
            isDisabled={left > 0}
          >
            <Trans>Entsperren</Trans>
          </Button>
          <Button variant="tertiary" block onPress={() => setWiping(true)}>
            <Trans>Passphrase vergessen</Trans>
          </Button>
        </div>
      </form>
      <WipeDialog
        why="forgotten"
        isOpen={wiping}
        onClose={() => setWiping(false)}
        onWipe={() => shell.wipe()}
      />
    </Panel>
  );
}
