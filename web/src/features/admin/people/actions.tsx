import { Trans, useLingui } from '@lingui/react/macro';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { useSession } from '../../../app/queries.ts';
import { Button } from '../../../ui/button.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Card } from '../../../ui/page.tsx';
import { useDeed } from '../queries.ts';

/** What can be done with an account. Each deed says first what ends or is lost. */
export function PersonActions({ person }: { person: Schema<'PersonDetail'> }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const own = useSession().person.id === person.id;
  const params = { params: { path: { id: person.id } } };
  const { ask, dialog } = useAsk(['admin']);
  const [password, setPassword] = useState<string>();
  const [startCode, setStartCode] = useState<string>();
  const makeStartCode = useDeed(
    () => must(api.POST('/api/v1/admin/people/{id}/start-code', params)),
    { onDone: ({ code }) => setStartCode(code) },
  );
  const name = person.display_name;

  const disable = () =>
    ask({
      title: t`${name} deaktivieren?`,
      text: (
        <p>
          <Trans>
            Die Person kann sich nicht mehr anmelden. Ihre Sitzungen, Tunnel und Arbeitsplätze enden
            sofort; nicht gespeicherte Arbeit darin kann verloren gehen. Das Konto lässt sich wieder
            aktivieren.
          </Trans>
        </p>
      ),
      action: t`Konto deaktivieren`,
      danger: true,
      deed: () => must(api.POST('/api/v1/admin/people/{id}/disable', params)),
      done: t`${name} ist deaktiviert. Alles Laufende wurde beendet.`,
    });
  const enable = () =>
    ask({
      title: t`${name} wieder aktivieren?`,
      text: (
        <p>
          <Trans>Die Person kann sich wieder anmelden. Es gelten die heutigen Regeln.</Trans>
        </p>
      ),
      action: t`Konto aktivieren`,
      deed: () => must(api.POST('/api/v1/admin/people/{id}/enable', params)),
      done: t`${name} ist wieder aktiv.`,
    });
  const resetPassword = () =>
    ask({
      title: t`Neues Passwort für ${name}?`,
      text: (
        <p>
          <Trans>
            Das bisherige Passwort gilt dann nicht mehr. Fernamt denkt sich ein neues aus; Sie sehen
            es ein einziges Mal.
          </Trans>
        </p>
      ),
      action: t`Neues Passwort erzeugen`,
      danger: true,
      deed: async () => {
        const answer = await must(api.POST('/api/v1/admin/people/{id}/password', params));
        setPassword(answer.password);
      },
      done: t`Das alte Passwort gilt nicht mehr.`,
    });
  const resetFactor = () =>
    ask({
      title: t`Zweiten Faktor von ${name} zurücksetzen?`,
      text: (
        <>
          <p>
            <Trans>
              Gelöscht werden die Einmalcodes der App, alle Passkeys und alle
              Wiederherstellungscodes. Ein Hardware-Token wird frei. Bei der nächsten Anmeldung
              richtet die Person alles neu ein.
            </Trans>
          </p>
          <p>
            <Trans>
              Überzeugen Sie sich vorher, dass wirklich diese Person darum bittet. Dies ist der
              beliebteste Weg von Angreifern.
            </Trans>
          </p>
        </>
      ),
      action: t`Zweiten Faktor zurücksetzen`,
      danger: true,
      deed: () => must(api.POST('/api/v1/admin/people/{id}/second-factor/reset', params)),
      done: t`Der zweite Faktor von ${name} ist zurückgesetzt.`,
    });
  const remove = () =>
    ask({
      title: t`${name} entfernen?`,
      text: (
        <>
          <p>
            <Trans>Das beendet und löscht:</Trans>
          </p>
          <ul>
            <li>
              <Trans>alle Sitzungen, Tunnel und Arbeitsplätze, sofort</Trans>
            </li>
            <li>
              <Trans>Passwort, Einmalcodes, Passkeys und Wiederherstellungscodes, sofort</Trans>
            </li>
            <li>
              <Trans>die Geräte der Person und die Zugehörigkeit zu Gruppen</Trans>
            </li>
            <li>
              <Trans>den Namen und das Konto, nach der eingestellten Löschfrist</Trans>
            </li>
          </ul>
          <p>
            <Trans>Das lässt sich nicht rückgängig machen.</Trans>
          </p>
        </>
      ),
      action: t`Person entfernen`,
      danger: true,
      deed: () => must(api.DELETE('/api/v1/admin/people/{id}', params)),
      done: t`${name} ist entfernt.`,
      onDone: () => void navigate({ to: '/verwaltung/personen' }),
    });

  return (
    <Card title={<Trans>Was Sie tun können</Trans>}>
      {own && (
        <p className="fa-muted fa-small">
          <Trans>
            Das ist Ihr eigenes Konto. Passwort und zweiten Faktor ändern Sie unter „Mein Konto“.
          </Trans>
        </p>
      )}
      <div className="fa-actions">
        {person.source === 'local' && (
          <Button icon={icons.iconPassword} isDisabled={own} onPress={resetPassword}>
            <Trans>Neues Passwort erzeugen</Trans>
          </Button>
        )}
        {!person.second_factor && person.state === 'active' && (
          <Button
            icon={icons.iconKey}
            pending={makeStartCode.isPending}
            isDisabled={own}
            onPress={() => makeStartCode.mutate()}
          >
            <Trans>Code für die erste Anmeldung</Trans>
          </Button>
        )}
        <Button
          icon={icons.iconSecurity}
          isDisabled={own || !person.second_factor}
          onPress={resetFactor}
        >
          <Trans>Zweiten Faktor zurücksetzen</Trans>
        </Button>
        {person.state === 'active' ? (
          <Button icon={icons.iconBlock} danger isDisabled={own} onPress={disable}>
            <Trans>Konto deaktivieren</Trans>
          </Button>
        ) : (
          <Button icon={icons.iconCheck} variant="primary" onPress={enable}>
            <Trans>Konto aktivieren</Trans>
          </Button>
        )}
        {person.source === 'local' && (
          <Button icon={icons.iconDelete} danger isDisabled={own} onPress={remove}>
            <Trans>Person entfernen</Trans>
          </Button>
        )}
      </div>
      {makeStartCode.error && <ProblemAlert problem={makeStartCode.error} />}
      {dialog}
      <Dialog
        title={t`Code für die erste Anmeldung von ${name}`}
        isOpen={startCode !== undefined}
        onClose={() => setStartCode(undefined)}
        role="alertdialog"
        footer={
          <Button variant="primary" onPress={() => setStartCode(undefined)}>
            <Trans>Notiert</Trans>
          </Button>
        }
      >
        <p>
          <Trans>
            Sie sehen ihn nur jetzt. Er gilt 14 Tage und einmal; ein früherer ist damit ungültig.
            Die Person gibt ihn nach dem Passwort dort ein, wo sonst ein Wiederherstellungscode
            hingehört, und richtet dann ihren zweiten Faktor ein.
          </Trans>
        </p>
        <CopyField label={t`Code für die erste Anmeldung`} value={startCode ?? ''} />
      </Dialog>
      <Dialog
        title={t`Neues Passwort für ${name}`}
        isOpen={password !== undefined}
        onClose={() => setPassword(undefined)}
        role="alertdialog"
        footer={
          <Button variant="primary" onPress={() => setPassword(undefined)}>
            <Trans>Notiert</Trans>
          </Button>
        }
      >
        <p>
          <Trans>
            Sie sehen es nur jetzt. Geben Sie es der Person auf sicherem Weg weiter, nicht per
            E-Mail.
          </Trans>
        </p>
        <CopyField label={t`Neues Passwort`} value={password ?? ''} />
      </Dialog>
    </Card>
  );
}
