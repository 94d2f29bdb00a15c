import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { icons } from '../../ui/icon.tsx';
import type { PostShell } from '../controller.ts';
import { PassphraseField } from '../passphrase-field.tsx';
import { MAX_PASSPHRASE_CHARS } from '../standing.ts';
import type { State } from '../state.ts';
import { charactersOf } from '../strength.ts';
import { ComplaintAlert } from './complaint.tsx';
import { LockCauseText } from './lock-cause.tsx';
import { Panel } from './panel.tsx';
import { WipeDialog } from './wipe-dialog.tsx';

type OfflineScreenProps = { state: State & { at: 'locked_offline' }; shell: PostShell };

/** Without a line: passphrase and passkey open the container. */
export default function OfflineScreen({ state, shell }: OfflineScreenProps) {
  const { t } = useLingui();
  const { locked, complaint, attempts, working } = state;
  const [passphrase, setPassphrase] = useState('');
  const [fault, setFault] = useState<string>();
  const [wiping, setWiping] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const isWrong = complaint?.kind === 'wrong_passphrase';

  useEffect(() => {
    // Whoever mistyped types anew; who has no luck with the passkey need not.
    if (attempts > 0 && isWrong) {
      setPassphrase('');
      input.current?.focus();
    }
  }, [attempts, isWrong]);

  const submit = () => {
    const isTyped = passphrase !== '' && charactersOf(passphrase) <= MAX_PASSPHRASE_CHARS;
    setFault(isTyped ? undefined : t`Bitte geben Sie Ihre Passphrase ein.`);
    if (isTyped) void shell.unlockOffline(passphrase);
  };
  const wrong = isWrong && passphrase === '' ? t`Diese Passphrase stimmt nicht.` : undefined;
  return (
    <Panel title={t`Ohne Verbindung entsperren`}>
      <LockCauseText cause={locked} />
      <p>
        <Trans>
          Der Server ist gerade nicht erreichbar. Mit Ihrer Passphrase und dem Passkey, den Sie
          dafür eingerichtet haben, geht es auch so.
        </Trans>
      </p>
      <form
        className="fa-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        {complaint && <ComplaintAlert complaint={complaint} />}
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
          <Button type="submit" variant="primary" block icon={icons.iconPasskey} pending={working}>
            <Trans>Mit Passkey entsperren</Trans>
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
