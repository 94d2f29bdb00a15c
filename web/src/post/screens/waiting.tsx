import { Trans, useLingui } from '@lingui/react/macro';
import type { LockCause } from '../../features/mail/container/index.ts';
import { Button, ButtonAnchor } from '../../ui/button.tsx';
import { icons } from '../../ui/icon.tsx';
import { Loading } from '../../ui/notice.tsx';
import { SIGN_IN, SIGN_IN_ANEW } from '../places.ts';
import type { Held } from '../refusal.ts';
import type { Shut, State } from '../state.ts';
import { LockCauseText } from './lock-cause.tsx';
import { Panel } from './panel.tsx';

type Retry = { onRetry: () => Promise<void> };

/** Something is being asked; it rarely takes long enough to be read. */
export function AskingScreen() {
  const { t } = useLingui();
  return (
    <Panel title={t`Post`}>
      <Loading>
        <Trans>Der Server wird gefragt …</Trans>
      </Loading>
    </Panel>
  );
}

/** There is no session. The server leads new pages to the sign-in; this one was open. */
export function SignedOutScreen({ wasOpen }: { wasOpen: boolean }) {
  const { t } = useLingui();
  return (
    <Panel title={t`Bitte melden Sie sich an`}>
      <p>
        {wasOpen ? (
          <Trans>
            Ihre Anmeldung ist zu Ende. Der Container ist gesperrt; Ihre Post liegt verschlossen
            darin.
          </Trans>
        ) : (
          <Trans>
            Sie sind in diesem Browser nicht angemeldet, oder die Anmeldung ist zu Ende.
          </Trans>
        )}
      </p>
      <ButtonAnchor variant="primary" block icon={icons.iconArrowForward} href={SIGN_IN}>
        <Trans>Anmelden</Trans>
      </ButtonAnchor>
    </Panel>
  );
}

/** Mail reaches approved devices only. */
export function DeviceScreen({ is, onRetry }: Retry & { is: Held }) {
  const { t } = useLingui();
  if (is === 'pending') {
    return (
      <Panel title={t`Dieses Gerät wartet auf die Freigabe`}>
        <p>
          <Trans>
            Ihre Leitstelle ist benachrichtigt. Sobald sie das Gerät freigibt, geht es hier von
            selbst weiter.
          </Trans>
        </p>
        <p>
          <Trans>Eilt es, rufen Sie Ihre Leitstelle an.</Trans>
        </p>
      </Panel>
    );
  }
  if (is === 'suspended') {
    return (
      <Panel title={t`Dieses Gerät ist vorläufig gesperrt`}>
        <p>
          <Trans>
            Ihre Leitstelle hat das Gerät gesperrt und damit Ihre Anmeldung beendet. Was es an Post
            aufbewahrt, liegt weiter verschlossen darauf, auch was noch nicht gesendet ist.
          </Trans>
        </p>
        <p>
          <Trans>
            Rufen Sie Ihre Leitstelle an. Gibt sie das Gerät wieder frei, melden Sie sich hier neu
            an und entsperren die Post wie gewohnt.
          </Trans>
        </p>
        <RetryButton onRetry={onRetry} />
      </Panel>
    );
  }
  if (is === 'phone') {
    return (
      <Panel title={t`Post gibt es hier nur auf PCs`}>
        <p>
          <Trans>
            Ihre Verwaltung lässt keine Post auf Telefone und Tablets, und dieses Gerät ist eines
            oder sagt nicht, was es ist. Nehmen Sie bitte einen PC.
          </Trans>
        </p>
        <p>
          <Trans>
            Was hier schon an Post liegt, bleibt verschlossen und wird nicht gelöscht. Fragen Sie
            Ihre Leitstelle, wenn Sie etwas davon brauchen.
          </Trans>
        </p>
        <RetryButton onRetry={onRetry} />
      </Panel>
    );
  }
  return (
    <Panel title={t`Dieses Gerät ist nicht freigegeben`}>
      <p>
        <Trans>
          Ihre Leitstelle hat dem Gerät die Freigabe entzogen. Was es an Post aufbewahrt hat, ist
          gelöscht; auf dem Server ist Ihre Post unverändert.
        </Trans>
      </p>
      <p>
        <Trans>
          Brauchen Sie die Post auf diesem Gerät wieder, wenden Sie sich an die Leitstelle.
        </Trans>
      </p>
      <RetryButton onRetry={onRetry} />
    </Panel>
  );
}

/** The server cannot be reached, and nothing opens without it. */
export function NoLineScreen({ state, onRetry }: Retry & { state: State & { at: 'no_line' } }) {
  const { t } = useLingui();
  return (
    <Panel title={t`Keine Verbindung`}>
      {state.container === 'none' ? (
        <p>
          <Trans>
            Auf diesem Gerät liegt noch keine Post, und ohne Verbindung lässt sich keine laden.
          </Trans>
        </p>
      ) : (
        <>
          <LockCauseText cause={state.locked} />
          <ShutText shut={state.shut} />
        </>
      )}
      <p>
        <Trans>Es geht von selbst weiter, sobald die Verbindung wieder da ist.</Trans>
      </p>
      <RetryButton onRetry={onRetry} />
    </Panel>
  );
}

function ShutText({ shut }: { shut: Shut }) {
  switch (shut) {
    case 'none':
      return (
        <p>
          <Trans>
            Ihre Post liegt verschlossen auf diesem Gerät. Zum Entsperren braucht es die Verbindung:
            Ein Teil des Schlüssels liegt auf dem Server.
          </Trans>
        </p>
      );
    case 'period':
      return (
        <p>
          <Trans>
            Die Zeit, in der Sie Ihre Post ohne Verbindung entsperren dürfen, ist zu Ende. Mit
            Verbindung öffnet sie sich wie gewohnt; danach beginnt die Zeit mit Ihrer nächsten
            Anmeldung von vorn.
          </Trans>
        </p>
      );
    case 'clock':
      return (
        <p>
          <Trans>
            Die Uhr dieses Geräts geht nach: Sie steht vor dem letzten Entsperren. Ohne Verbindung
            lässt sich deshalb nicht sagen, ob die Zeit dafür noch läuft. Stellen Sie die Uhr oder
            warten Sie auf die Verbindung.
          </Trans>
        </p>
      );
  }
}

/** The server says something that this page does not know. */
export function NoAnswerScreen({ detail, onRetry }: Retry & { detail: string }) {
  const { t } = useLingui();
  return (
    <Panel title={t`Der Server antwortet nicht wie erwartet`}>
      <p>
        <Trans>
          Ihre Post ist davon nicht betroffen. Versuchen Sie es in ein paar Minuten noch einmal.
        </Trans>
      </p>
      <p>
        <Trans>
          Bleibt es dabei, nennen Sie Ihrer Leitstelle dieses Stichwort:{' '}
          <code className="fa-break">{detail}</code>
        </Trans>
      </p>
      <RetryButton onRetry={onRetry} />
    </Panel>
  );
}

/** The server gives its part of the key to somebody who signed in a short while ago. */
export function NotFreshScreen({ locked }: { locked: LockCause | null }) {
  const { t } = useLingui();
  return (
    <Panel title={t`Bitte melden Sie sich noch einmal an`}>
      <LockCauseText cause={locked} />
      <p>
        <Trans>
          Ihre letzte Anmeldung ist zu lange her. Der Server gibt seinen Teil des Schlüssels zu
          Ihrer Post nur kurz nach einer Anmeldung frei.
        </Trans>
      </p>
      <ButtonAnchor variant="primary" block icon={icons.iconArrowForward} href={SIGN_IN_ANEW}>
        <Trans>Neu anmelden</Trans>
      </ButtonAnchor>
    </Panel>
  );
}

export function RetryButton({ onRetry }: Retry) {
  return (
    <Button block icon={icons.iconRefresh} onPress={() => void onRetry()}>
      <Trans>Noch einmal versuchen</Trans>
    </Button>
  );
}
