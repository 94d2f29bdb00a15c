import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must } from '../../api/client.ts';
import { sessionBegan } from '../../api/session-keeper.ts';
import { Front } from '../../app/front.tsx';
import { fieldProblems, ProblemAlert, showProblem } from '../../app/problem-alert.tsx';
import { Button } from '../../ui/button.tsx';
import { PasswordField, TextField } from '../../ui/fields.tsx';
import { Form, useForm } from '../../ui/form.tsx';
import { icons } from '../../ui/icon.tsx';
import { Alert, Loading } from '../../ui/notice.tsx';
import { EnrolmentSteps } from './enrolment.tsx';
import { MIN_PASSWORD_LENGTH } from './password-rule.ts';
import { RecoveryCodes } from './recovery-codes.tsx';
import { confirmEnrolment, type Enrolment, type SignInAnswer, setUp } from './sign-in.ts';

export const SetupRoute = createLazyRoute('/einrichten')({ component: SetupPage });

type SignedIn = Extract<SignInAnswer, { state: 'signed_in' }>;

type Step =
  | { at: 'person' }
  | { at: 'enrolment'; enrolment: Enrolment; name: string }
  | { at: 'codes'; answer: SignedIn; name: string };

function SetupPage() {
  const { t } = useLingui();
  const navigate = useNavigate();
  // The secret stands in the fragment, so that no log holds it.
  const [token] = useState(() => window.location.hash.slice(1));
  const [step, setStep] = useState<Step>({ at: 'person' });
  const check = useQuery({
    queryKey: ['setup', token],
    queryFn: () => must(api.POST('/api/v1/setup/check', { body: { token } })),
    enabled: token !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });

  const goOn = async (answer: SignInAnswer, name: string) => {
    if (answer.state === 'enrolment_required') {
      setStep({ at: 'enrolment', enrolment: answer.enrolment, name });
    } else if (answer.state === 'signed_in' && answer.recovery_codes?.length) {
      setStep({ at: 'codes', answer, name });
    } else if (answer.state === 'signed_in') {
      await enter(answer);
    }
  };
  const enter = async ({ session }: SignedIn) => {
    sessionBegan(session);
    // There is nothing to work with yet: what comes first is told in the administration.
    await navigate({ to: '/verwaltung', replace: true });
  };

  return (
    <Front tenant={undefined} wide>
      <title>{t`Fernamt einrichten`}</title>
      <h1 tabIndex={-1}>
        <Trans>Fernamt einrichten</Trans>
      </h1>
      {step.at === 'person' && check.isLoading && <Loading />}
      {step.at === 'person' && check.error && <ProblemAlert problem={check.error} />}
      {step.at === 'person' && (token === '' || check.data?.valid === false) && <UsedLink />}
      {step.at === 'person' && check.data?.valid && (
        <PersonForm token={token} onAnswer={(answer, name) => goOn(answer, name)} />
      )}
      {step.at === 'enrolment' && (
        <>
          <p>
            <Trans>
              Das Konto ist angelegt. Jetzt der zweite Schritt der Anmeldung: Ein Passwort allein
              öffnet hier nichts.
            </Trans>
          </p>
          <EnrolmentSteps
            enrolment={step.enrolment}
            submitLabel={t`Bestätigen`}
            onCode={async (code) =>
              goOn(await confirmEnrolment(step.enrolment.token, code), step.name)
            }
          />
        </>
      )}
      {step.at === 'codes' && (
        <>
          <RecoveryCodes
            codes={step.answer.recovery_codes ?? []}
            name={step.name}
            tenant={step.answer.session.tenant_name}
          />
          <div className="fa-row fa-noprint">
            <Button
              variant="primary"
              icon={icons.iconCheck}
              onPress={() => void enter(step.answer)}
            >
              <Trans>Codes sind sicher verwahrt, weiter</Trans>
            </Button>
          </div>
        </>
      )}
    </Front>
  );
}

function UsedLink() {
  return (
    <Alert
      tone="warning"
      title={<Trans>Dieser Einrichtungslink ist unvollständig, verbraucht oder abgelaufen</Trans>}
    >
      <p>
        <Trans>
          Er gilt nur einmal. Erzeugen Sie auf dem Server mit <code>fernamt setup</code> einen neuen
          und öffnen Sie ihn vollständig.
        </Trans>
      </p>
    </Alert>
  );
}

function PersonForm({
  token,
  onAnswer,
}: {
  token: string;
  onAnswer: (answer: SignInAnswer, name: string) => Promise<void>;
}) {
  const { t } = useLingui();
  const form = useForm({
    initial: { display_name: '', name: '', password: '', again: '' },
    validate: ({ display_name, name, password, again }) => ({
      ...(!display_name.trim() && { display_name: t`Geben Sie Ihren Namen ein.` }),
      ...(!name.trim() && { name: t`Wählen Sie einen Anmeldenamen.` }),
      ...(password.length < MIN_PASSWORD_LENGTH && {
        password: t`Wählen Sie ein Passwort mit mindestens ${MIN_PASSWORD_LENGTH} Zeichen.`,
      }),
      ...(password !== again && { again: t`Die beiden Passwörter sind verschieden.` }),
    }),
    submit: async ({ again: _, ...values }) => {
      try {
        await onAnswer(await setUp({ token, ...values, name: values.name.trim() }), values.name);
      } catch (error) {
        throw fieldProblems(error);
      }
    },
  });
  return (
    <>
      <p>
        <Trans>
          Willkommen. Legen Sie das erste Konto der Verwaltung an: Mit ihm richten Sie Personen,
          Ziele und Regeln ein. Das dauert zwei Minuten; legen Sie Ihr Telefon bereit.
        </Trans>
      </p>
      <Form
        form={form}
        failure={showProblem}
        actions={
          <Button
            type="submit"
            variant="primary"
            pending={form.pending}
            icon={icons.iconArrowForward}
          >
            <Trans>Konto anlegen</Trans>
          </Button>
        }
      >
        <TextField
          label={t`Ihr Name`}
          hint={t`So sehen andere Sie, zum Beispiel „Jana Petersen“.`}
          autoComplete="name"
          autoFocus
          {...form.field('display_name')}
        />
        <TextField
          label={t`Anmeldename`}
          hint={t`Kurz und ohne Leerzeichen, zum Beispiel „j.petersen“.`}
          autoComplete="username"
          spellCheck={false}
          {...form.field('name')}
        />
        <PasswordField
          label={t`Passwort`}
          hint={t`Mindestens ${MIN_PASSWORD_LENGTH} Zeichen. Ein kurzer Satz ist besser als ein kompliziertes Wort.`}
          autoComplete="new-password"
          {...form.field('password')}
        />
        <PasswordField
          label={t`Passwort wiederholen`}
          autoComplete="new-password"
          {...form.field('again')}
        />
      </Form>
    </>
  );
}
