import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import type { Schema } from '../../api/client.ts';
import { isProblem } from '../../api/problem.ts';
import { ProblemAlert, useCountdown } from '../../app/problem-alert.tsx';
import { Button } from '../../ui/button.tsx';
import { CodeField, PasswordField, TextField } from '../../ui/fields.tsx';
import { Form, useForm } from '../../ui/form.tsx';
import { icons } from '../../ui/icon.tsx';
import { Alert } from '../../ui/notice.tsx';
import { type SignInAnswer, signIn, signInByPasskey } from './sign-in.ts';
import { passkeysPossible, suggestionsPossible, wasCancelled } from './webauthn.ts';

export type Credentials = { name: string; password: string };

type OnAnswer = (answer: SignInAnswer) => Promise<void> | void;

/** A refusal, with a countdown where the server asks to wait. */
function SignInFailure({ failure, left }: { failure: unknown; left: number }) {
  const { t } = useLingui();
  if (left > 0 && isProblem(failure)) {
    return (
      <Alert tone="warning" title={t`Bitte warten Sie ${left} Sekunden.`}>
        <p>
          <Trans>
            Es gab zu viele Versuche in kurzer Zeit. Ihr Konto ist nicht gesperrt; danach geht es
            weiter.
          </Trans>
        </p>
      </Alert>
    );
  }
  if (isProblem(failure, 'slow_down')) {
    return <Alert tone="info" live="polite" title={t`Sie können es jetzt wieder versuchen.`} />;
  }
  return <ProblemAlert problem={failure} />;
}

/** Name and password; or a passkey, also out of the name field's suggestions. */
export function PasswordStep({
  name,
  onCredentials,
  onAnswer,
}: {
  /** The name that was typed before. */
  name: string;
  onCredentials: (credentials: Credentials) => void;
  onAnswer: OnAnswer;
}) {
  const { t } = useLingui();
  const [passkeyFailure, setPasskeyFailure] = useState<unknown>();
  const [passkeyPending, setPasskeyPending] = useState(false);
  const suggesting = useRef<AbortController>(null);
  const form = useForm({
    initial: { name, password: '' },
    validate: ({ name, password }) => ({
      ...(!name.trim() && { name: t`Geben Sie Ihren Anmeldenamen ein.` }),
      ...(!password && { password: t`Geben Sie Ihr Passwort ein.` }),
    }),
    submit: async (values) => onCredentials(values),
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the offer is made once, when the page opens
  useEffect(() => {
    const controller = new AbortController();
    suggesting.current = controller;
    void offerSuggestions(controller.signal, onAnswer);
    return () => controller.abort();
  }, []);

  const byPasskey = async () => {
    suggesting.current?.abort();
    setPasskeyFailure(undefined);
    setPasskeyPending(true);
    try {
      await onAnswer(await signInByPasskey());
    } catch (error) {
      if (!wasCancelled(error)) setPasskeyFailure(error);
    } finally {
      setPasskeyPending(false);
    }
  };

  return (
    <>
      {passkeyFailure !== undefined && <ProblemAlert problem={passkeyFailure} />}
      <Form
        form={form}
        actions={
          <Button type="submit" variant="primary" block icon={icons.iconArrowForward}>
            <Trans>Weiter</Trans>
          </Button>
        }
      >
        <TextField
          label={t`Anmeldename`}
          autoComplete="username webauthn"
          spellCheck={false}
          autoFocus={!name}
          {...form.field('name')}
        />
        <PasswordField
          label={t`Passwort`}
          autoComplete="current-password"
          autoFocus={name !== ''}
          {...form.field('password')}
        />
      </Form>
      {passkeysPossible() && (
        <>
          <div className="fa-or">
            <Trans>oder</Trans>
          </div>
          <Button
            block
            icon={icons.iconPasskey}
            pending={passkeyPending}
            onPress={() => void byPasskey()}
          >
            <Trans>Mit Passkey anmelden</Trans>
          </Button>
        </>
      )}
    </>
  );
}

async function offerSuggestions(signal: AbortSignal, onAnswer: OnAnswer): Promise<void> {
  try {
    if (!(await suggestionsPossible()) || signal.aborted) return;
    await onAnswer(await signInByPasskey({ suggest: true, signal }));
  } catch {
    // Only an offer: who does not take it up uses the password or the button.
  }
}

/** The second factor: a code of the app or token, or a recovery code. */
export function CodeStep({
  credentials,
  enrolled,
  onAnswer,
  onBack,
}: {
  credentials: Credentials;
  /** What the person has set up, once the server has told. */
  enrolled: readonly Schema<'Method'>[] | undefined;
  onAnswer: OnAnswer;
  onBack: () => void;
}) {
  const { t } = useLingui();
  const [recovery, setRecovery] = useState(false);
  const [firstTime, setFirstTime] = useState<{ pending: boolean; failure?: unknown }>({
    pending: false,
  });
  const form = useForm({
    initial: { code: '' },
    validate: ({ code }) => {
      if (recovery) {
        return code.trim().length < 8
          ? { code: t`Geben Sie einen Ihrer Wiederherstellungscodes vollständig ein.` }
          : {};
      }
      return /^\d{6,8}$/.test(code)
        ? {}
        : { code: t`Geben Sie die Ziffern ein, die Ihre App oder Ihr Token gerade zeigt.` };
    },
    submit: async ({ code }) => {
      const second = { kind: recovery ? 'recovery_code' : 'totp', code: code.trim() } as const;
      try {
        await onAnswer(await signIn(credentials.name, credentials.password, second));
      } catch (error) {
        form.set('code', '');
        throw error;
      }
    },
  });
  const failure = firstTime.failure ?? form.failure;
  const wait = isProblem(failure) ? failure.retryAfterSeconds : undefined;
  const left = useCountdown(wait, failure);

  const attempt = async (way: () => Promise<SignInAnswer>) => {
    setFirstTime({ pending: true });
    try {
      await onAnswer(await way());
      setFirstTime({ pending: false });
    } catch (error) {
      setFirstTime({ pending: false, ...(!wasCancelled(error) && { failure: error }) });
    }
  };
  const enrolFirst = () => attempt(() => signIn(credentials.name, credentials.password, null));

  return (
    <>
      <p className="fa-muted">
        <Trans>
          Anmeldung als <strong>{credentials.name}</strong>.
        </Trans>
      </p>
      {enrolled && (
        <Alert tone="info" live="polite" title={t`Sie haben schon einen zweiten Schritt`}>
          <p>
            {enrolled.includes('totp') ? (
              <Trans>Geben Sie den Code ein, den Ihre App oder Ihr Token gerade zeigt.</Trans>
            ) : (
              <Trans>Melden Sie sich mit Ihrem Passkey an.</Trans>
            )}
          </p>
        </Alert>
      )}
      {enrolled?.includes('passkey') && passkeysPossible() && (
        <Button
          block
          icon={icons.iconPasskey}
          pending={firstTime.pending}
          onPress={() => void attempt(() => signInByPasskey())}
        >
          <Trans>Mit Passkey anmelden</Trans>
        </Button>
      )}
      {firstTime.failure !== undefined && <SignInFailure failure={firstTime.failure} left={left} />}
      <Form
        form={form}
        failure={(problem) => <SignInFailure failure={problem} left={left} />}
        actions={
          <>
            <Button
              type="submit"
              variant="primary"
              pending={form.pending}
              isDisabled={left > 0}
              block
            >
              <Trans>Anmelden</Trans>
            </Button>
            <Button block onPress={onBack}>
              <Trans>Zurück</Trans>
            </Button>
          </>
        }
      >
        {recovery ? (
          <TextField
            key="recovery"
            label={t`Wiederherstellungscode`}
            hint={t`Einer der Codes, die Sie bei der Einrichtung ausgedruckt oder gespeichert haben. Er gilt danach nicht mehr. Auch der Code für die erste Anmeldung gehört hierher.`}
            autoComplete="off"
            spellCheck={false}
            autoFocus
            {...form.field('code')}
          />
        ) : (
          <CodeField
            key="code"
            label={t`Einmalcode`}
            hint={t`Aus der App auf Ihrem Telefon oder von Ihrem Token.`}
            autoFocus
            {...form.field('code')}
          />
        )}
      </Form>
      <div className="fa-links">
        <Button
          variant="tertiary"
          small
          icon={recovery ? icons.iconPassword : icons.iconKey}
          onPress={() => {
            setRecovery(!recovery);
            form.reset({ code: '' });
          }}
        >
          {recovery ? (
            <Trans>Doch mit Einmalcode anmelden</Trans>
          ) : (
            <Trans>Telefon nicht zur Hand? Wiederherstellungscode verwenden</Trans>
          )}
        </Button>
        {!recovery && !enrolled && (
          <Button
            variant="tertiary"
            small
            icon={icons.iconQrCode2}
            pending={firstTime.pending}
            isDisabled={left > 0}
            onPress={() => void enrolFirst()}
          >
            <Trans>Erste Anmeldung? Einmalcodes jetzt einrichten</Trans>
          </Button>
        )}
      </div>
    </>
  );
}
