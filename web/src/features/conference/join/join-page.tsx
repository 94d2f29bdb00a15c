import './join.css';
import './problems.ts';
import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute, useSearch } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useRef, useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { isProblem } from '../../../api/problem.ts';
import { Front } from '../../../app/front.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { sessionQuery } from '../../../app/queries.ts';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Loading } from '../../../ui/notice.tsx';
import { announce } from '../../../ui/status.tsx';
import { rememberedSeal } from '../end-to-end.ts';
import type { DeviceKind } from '../meeting/media/devices.ts';
import { faultOf, storedChoice } from '../meeting/media/devices.ts';
import { type LocalSource, loadMedia } from '../meeting/media/session.ts';
import { isLecture } from '../meeting/model.ts';
import { type SeatOfTab, seatAfterReload } from '../meeting/seat-of-tab.ts';
import { deviceFaultText } from './device-words.ts';
import { Door, type Joining } from './door.tsx';
import {
  type Answer,
  enter,
  type Key,
  rememberedKey,
  rememberKey,
  sealOf,
  takeSecret,
} from './entry.ts';
import { Lobby } from './lobby.tsx';
import { NumberForm } from './number-form.tsx';
import { OutcomePage } from './outcome.tsx';
import { useMeeting } from './use-meeting.ts';

export const JoinRoute = createLazyRoute('/besprechung')({ component: JoinPage });

const MeetingScreen = lazy(() =>
  import('../meeting/meeting-screen.tsx').then((module) => ({ default: module.MeetingScreen })),
);

type Step =
  | { at: 'asking' }
  | { at: 'returning'; seat: SeatOfTab }
  | { at: 'knocking'; key: Key }
  | { at: 'refused'; key: Key; problem: unknown }
  | { at: 'door'; key: Key; answer: Answer; seal: string | null };

/** One page from the invitation to the meeting: nothing is loaded anew in between, and nothing stands in the address. */
function JoinPage() {
  const { t } = useLingui();
  const search = useSearch({ from: '/besprechung' });
  const { data: session } = useQuery(sessionQuery);
  const stranger = useQuery({
    queryKey: ['sign-in-challenge'],
    queryFn: () => must(api.GET('/api/v1/sign-in/challenge')),
    enabled: session === null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [step, setStep] = useState<Step>(() => firstStep(search.raum, search.termin));
  const [proof, setProof] = useState<number | null>(null);
  const onDeviceError = useCallback((error: unknown, source: LocalSource) => {
    const [what, next] =
      source === 'screen'
        ? screenFault(error)
        : deviceFaultText(source as DeviceKind, faultOf(error));
    if (what) announce('warning', what, next);
  }, []);
  const { meeting, view, join, forget } = useMeeting(onDeviceError);

  const knock = useCallback(async (key: Key) => {
    setProof(null);
    const answer = await enter(key, setProof);
    setProof(null);
    rememberKey(key);
    // While the person looks at the camera, what the meeting needs comes by.
    void loadMedia().catch(() => undefined);
    void import('../meeting/meeting-screen.tsx').catch(() => undefined);
    setStep({ at: 'door', key, answer, seal: sealOf(key, answer.meeting.id) });
  }, []);

  const knocking = step.at === 'knocking' ? step.key : null;
  useEffect(() => {
    if (!knocking) return;
    knock(knocking).catch((problem: unknown) => {
      // After the sign-in this page must know where one wanted to go.
      if (isProblem(problem, 'sign_in_needed')) rememberKey(knocking);
      setStep({ at: 'refused', key: knocking, problem });
    });
  }, [knocking, knock]);

  const returning = step.at === 'returning' ? step.seat : null;
  useEffect(() => {
    if (!returning) return;
    const { meeting: meetingId, resume, sealed } = returning;
    // Camera and microphone stay off: nobody expects to be seen by pressing reload.
    const off = { microphone: false, camera: false };
    const entry = { resume };
    const key = rememberedSeal(meetingId);
    join({ meetingId, entry, name: null, choice: storedChoice(), ...off, sealed, key });
    void import('../meeting/meeting-screen.tsx').catch(() => undefined);
  }, [returning, join]);
  const late = returning !== null && view?.ended === 'enter_again';
  useEffect(() => {
    if (!late) return;
    const key = rememberedKey();
    forget();
    setStep(key ? { at: 'knocking', key } : { at: 'asking' });
  }, [late, forget]);

  const busy = Boolean(view && !view.ended);
  useEffect(() => {
    // A link that is opened in this tab changes the address and loads nothing.
    const opened = () => {
      const secret = takeSecret();
      if (!secret) return;
      if (busy) {
        announce(
          'warning',
          t`Sie sind schon in einer Besprechung`,
          t`Verlassen Sie diese, bevor Sie den anderen Link öffnen.`,
        );
        return;
      }
      forget();
      setStep({ at: 'knocking', key: { by: 'link', secret } });
    };
    window.addEventListener('hashchange', opened);
    return () => window.removeEventListener('hashchange', opened);
  }, [busy, forget, t]);

  const at = view ? view.at : step.at;
  useFocusOnStep(at);

  if (view?.at === 'seated' && meeting) {
    return (
      <Suspense fallback={<Loading />}>
        <MeetingScreen meeting={meeting} />
      </Suspense>
    );
  }
  const told = session ?? stranger.data;
  const house =
    told?.tenant_name ?? (step.at === 'door' ? step.answer.meeting.house.name : undefined);
  const again = () => {
    const key = step.at === 'asking' || step.at === 'returning' ? rememberedKey() : step.key;
    forget();
    setStep(key ? { at: 'knocking', key } : { at: 'asking' });
  };
  const askAnew = () => {
    rememberKey(null);
    setStep({ at: 'asking' });
  };
  const start = (joining: Joining) => {
    if (step.at !== 'door') return;
    const { name, choice, on, seal } = joining;
    const { entry, meeting: facts } = step.answer;
    const sealed = facts.safeguards.encryption === 'end_to_end';
    join({ meetingId: facts.id, entry: { entry }, name, choice, ...on, sealed, key: seal });
  };

  return (
    <JoinFrame house={house} wide={at === 'door'}>
      {view ? (
        view.at === 'lobby' ? (
          <Lobby view={view} onLeave={() => meeting?.leave()} />
        ) : view.ended ? (
          <OutcomePage
            why={view.ended}
            lecture={isLecture({
              facts: view.facts ?? (step.at === 'door' ? step.answer.meeting : null),
            })}
            onAgain={again}
            signedIn={Boolean(session)}
          />
        ) : (
          <Knocking proof={null} />
        )
      ) : told?.meetings === false ? (
        <NoMeetings house={told.tenant_name} />
      ) : step.at === 'asking' ? (
        <>
          <title>{t`Besprechung beitreten – Fernamt`}</title>
          <header className="fa-stack fa-stack--tight">
            <h1 tabIndex={-1}>
              <Trans>Besprechung beitreten</Trans>
            </h1>
            <p className="fa-muted">
              <Trans>Raumnummer und PIN stehen in Ihrer Einladung.</Trans>
            </p>
          </header>
          <NumberForm onEnter={knock} proof={proof !== null && <ProofProgress done={proof} />} />
        </>
      ) : step.at === 'door' ? (
        <Door answer={step.answer} seal={step.seal} onJoin={start} />
      ) : step.at === 'refused' ? (
        <>
          <title>{t`Besprechung beitreten – Fernamt`}</title>
          <h1 tabIndex={-1}>
            <Trans>Besprechung beitreten</Trans>
          </h1>
          <ProblemAlert problem={forLink(step.key, step.problem)} />
          <div className="fa-form__actions">
            <Button variant="primary" icon={icons.iconRefresh} onPress={again}>
              {t`Noch einmal versuchen`}
            </Button>
            {isProblem(step.problem, 'sign_in_needed') && (
              <ButtonLink to="/anmelden" search={{ zurueck: '/besprechung' }}>
                {t`Anmelden`}
              </ButtonLink>
            )}
            <Button onPress={askAnew}>{t`Raumnummer und PIN eingeben`}</Button>
          </div>
        </>
      ) : (
        <Knocking proof={proof} />
      )}
    </JoinFrame>
  );
}

function firstStep(room: string | undefined, meeting: string | undefined): Step {
  const secret = takeSecret();
  if (secret) return { at: 'knocking', key: { by: 'link', secret } };
  const seat = seatAfterReload();
  if (seat) return { at: 'returning', seat };
  if (room) return { at: 'knocking', key: { by: 'room', room, ...(meeting && { meeting }) } };
  const key = rememberedKey();
  return key ? { at: 'knocking', key } : { at: 'asking' };
}

/** The words for typed digits do not fit who came by a link. */
function forLink(key: Key, problem: unknown): unknown {
  if (key.by === 'number_and_pin' || !isProblem(problem, 'entry_refused')) return problem;
  return Object.assign(Object.create(Object.getPrototypeOf(problem)), problem, {
    code: 'link_refused',
  });
}

function screenFault(error: unknown): [string, string] {
  // Who closes the browser's dialog has changed their mind.
  if (faultOf(error) === 'denied') return ['', ''];
  return deviceFaultText('camera', 'unknown');
}

function JoinFrame({
  house,
  wide,
  children,
}: {
  house: string | undefined;
  wide: boolean;
  children: ReactNode;
}) {
  return (
    <div className={`fa-join ${wide ? 'fa-join--wide' : ''}`}>
      <Front tenant={house} wide={wide} foot={false}>
        {children}
      </Front>
    </div>
  );
}

/** The address is right, but there are no meetings behind it. */
function NoMeetings({ house }: { house: string }) {
  const { t } = useLingui();
  return (
    <>
      <title>{t`Besprechung beitreten – Fernamt`}</title>
      <h1 tabIndex={-1}>
        <Trans>{house} hält hier keine Besprechungen ab</Trans>
      </h1>
      <p>
        <Trans>
          Wenn Sie eine Einladung haben, fragen Sie die Person, die eingeladen hat, wo die
          Besprechung stattfindet.
        </Trans>
      </p>
      <div className="fa-form__actions">
        <ButtonLink to="/" icon={icons.iconHome}>{t`Zur Startseite`}</ButtonLink>
      </div>
    </>
  );
}

function Knocking({ proof }: { proof: number | null }) {
  return (
    <>
      <h1 className="kern-sr-only" tabIndex={-1}>
        <Trans>Besprechung beitreten</Trans>
      </h1>
      <Loading>
        <Trans>Die Besprechung wird geöffnet …</Trans>
      </Loading>
      {proof !== null && <ProofProgress done={proof} />}
    </>
  );
}

function ProofProgress({ done }: { done: number }) {
  const { t } = useLingui();
  return (
    <div className="fa-stack fa-stack--tight" role="status">
      <p>
        <Trans>
          Gerade probieren Unbekannte Nummern durch. Ihr Browser löst deshalb eine kleine
          Rechenaufgabe; das dauert etwa eine Sekunde und geht von selbst weiter.
        </Trans>
      </p>
      <progress className="fa-join__proof" value={done} max={1} aria-label={t`Rechenaufgabe`} />
    </div>
  );
}

/** A reader hears each step: its heading takes the focus. */
function useFocusOnStep(at: string) {
  const before = useRef(at);
  useEffect(() => {
    if (before.current === at) return;
    before.current = at;
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
  }, [at]);
}
