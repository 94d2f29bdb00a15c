import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { api, must, type Schema } from '../../api/client.ts';
import { sessionBegan } from '../../api/session-keeper.ts';
import { Front } from '../../app/front.tsx';
import { chooseLanguage, chosenLanguage } from '../../i18n/index.ts';
import { Button } from '../../ui/button.tsx';
import { icons } from '../../ui/icon.tsx';
import { Alert, Loading } from '../../ui/notice.tsx';
import { confirmEnrolment, type Enrolment, type SignInAnswer, type Waiting } from './sign-in.ts';
import { CodeStep, type Credentials, PasswordStep } from './sign-in-steps.tsx';
import { wayBack } from './way-back.ts';

// Most people never see these: they stay out of the first page.
const EnrolmentSteps = lazy(() =>
  import('./enrolment.tsx').then((part) => ({ default: part.EnrolmentSteps })),
);
const RecoveryCodes = lazy(() =>
  import('./recovery-codes.tsx').then((part) => ({ default: part.RecoveryCodes })),
);
const PendingStep = lazy(() =>
  import('./pending-step.tsx').then((part) => ({ default: part.PendingStep })),
);

export const SignInRoute = createLazyRoute('/anmelden')({ component: SignInPage });

type Session = Extract<SignInAnswer, { state: 'signed_in' }>['session'];

type Step =
  | { at: 'password'; name?: string }
  | { at: 'code'; credentials: Credentials; enrolled?: readonly Schema<'Method'>[] }
  | { at: 'enrolment'; credentials: Credentials; enrolment: Enrolment }
  | { at: 'codes'; codes: string[]; next: Session | Waiting; credentials: Credentials }
  | { at: 'pending'; waiting: Waiting; name: string };

function SignInPage() {
  const { t } = useLingui();
  const { zurueck, beendet, abgemeldet } = useSearch({ from: '/anmelden' });
  const navigate = useNavigate();
  const [step, setStep] = useState<Step>({ at: 'password' });
  const house = useQuery({
    queryKey: ['house'],
    queryFn: () => must(api.GET('/api/v1/sign-in/challenge')),
    staleTime: Number.POSITIVE_INFINITY,
  });

  const enter = async (session: Session) => {
    const { language } = session.person;
    if (!chosenLanguage() && (language === 'de' || language === 'en'))
      await chooseLanguage(language);
    sessionBegan(session);
    await navigate({ ...wayBack(zurueck), replace: true });
  };
  const goOn = async (answer: SignInAnswer, credentials: Credentials | null) => {
    switch (answer.state) {
      case 'signed_in':
        if (answer.recovery_codes?.length && credentials) {
          setStep({
            at: 'codes',
            codes: answer.recovery_codes,
            next: answer.session,
            credentials,
          });
        } else {
          await enter(answer.session);
        }
        break;
      case 'enrolment_required':
        setStep({
          at: 'enrolment',
          credentials: credentials ?? { name: '', password: '' },
          enrolment: answer.enrolment,
        });
        break;
      case 'device_pending':
        if (answer.recovery_codes?.length && credentials) {
          setStep({
            at: 'codes',
            codes: answer.recovery_codes,
            next: answer.waiting,
            credentials,
          });
        } else {
          setStep({ at: 'pending', waiting: answer.waiting, name: credentials?.name ?? '' });
        }
        break;
      case 'second_factor_required':
        if (credentials) setStep({ at: 'code', credentials, enrolled: answer.methods });
    }
  };

  return (
    <Front tenant={house.data?.tenant_name} wide={step.at === 'enrolment' || step.at === 'codes'}>
      <title>{t`Anmelden – Fernamt`}</title>
      <StepHeading step={step} />
      <Suspense fallback={<Loading />}>
        {step.at === 'password' && beendet && (
          <Alert tone="info" live="polite" title={t`Ihre Sitzung ist beendet.`}>
            <p>
              <Trans>
                Das geschieht nach längerer Pause, oder wenn die Leitstelle die Sitzung beendet oder
                Gerät oder Konto sperrt. Nach der Anmeldung geht es dort weiter, wo Sie waren.
                Gelingt sie nicht, wenden Sie sich an Ihre IT-Stelle.
              </Trans>
            </p>
          </Alert>
        )}
        {step.at === 'password' && abgemeldet && (
          <Alert tone="success" live="polite" title={t`Sie sind abgemeldet.`} />
        )}
        {step.at === 'password' && (
          <PasswordStep
            key="password"
            name={step.name ?? ''}
            onCredentials={(credentials) => setStep({ at: 'code', credentials })}
            onAnswer={(answer) => goOn(answer, null)}
          />
        )}
        {step.at === 'code' && (
          <CodeStep
            key={step.enrolled ? 'enrolled' : 'code'}
            credentials={step.credentials}
            enrolled={step.enrolled}
            onAnswer={(answer) => goOn(answer, step.credentials)}
            onBack={() => setStep({ at: 'password', name: step.credentials.name })}
          />
        )}
        {step.at === 'enrolment' && (
          <EnrolmentSteps
            key="enrolment"
            enrolment={step.enrolment}
            submitLabel={t`Bestätigen und anmelden`}
            onCode={async (code) =>
              goOn(await confirmEnrolment(step.enrolment.token, code), step.credentials)
            }
            aside={
              <Button onPress={() => setStep({ at: 'password' })}>
                <Trans>Abbrechen</Trans>
              </Button>
            }
          />
        )}
        {step.at === 'codes' && (
          <>
            <RecoveryCodes
              codes={step.codes}
              name={step.credentials.name}
              tenant={house.data?.tenant_name ?? 'Fernamt'}
            />
            <div className="fa-row fa-noprint">
              <Button
                variant="primary"
                icon={icons.iconCheck}
                onPress={() =>
                  'token' in step.next
                    ? setStep({
                        at: 'pending',
                        waiting: step.next,
                        name: step.credentials.name,
                      })
                    : void enter(step.next)
                }
              >
                <Trans>Codes sind sicher verwahrt, weiter</Trans>
              </Button>
            </div>
          </>
        )}
        {step.at === 'pending' && (
          <PendingStep
            waiting={step.waiting}
            onRetry={() => setStep({ at: 'password', name: step.name })}
          />
        )}
      </Suspense>
    </Front>
  );
}

function StepHeading({ step }: { step: Step }) {
  const { t } = useLingui();
  const [first, setFirst] = useState(true);
  const headings: Record<Step['at'], string> = {
    password: t`Anmelden`,
    code: t`Ihr Einmalcode`,
    enrolment: t`Einmalcodes einrichten`,
    codes: t`Ihre Wiederherstellungscodes`,
    pending: t`Freigabe des Geräts`,
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each step is announced once
  useEffect(() => {
    if (first) setFirst(false);
    else if (step.at !== 'code') document.querySelector<HTMLElement>('main h1')?.focus();
  }, [step.at]);
  return <h1 tabIndex={-1}>{headings[step.at]}</h1>;
}
