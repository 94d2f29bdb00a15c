import { Trans } from '@lingui/react/macro';
import { createPortal } from 'react-dom';
import type { Schema } from '../../../api/client.ts';
import { useSession } from '../../../app/queries.ts';
import { dateTime } from '../format.ts';

type LettersProps = { sticks: readonly Schema<'CreatedStick'>[] };

/**
 * What the printer gets instead of the page: a letter a person, each on a sheet of its own. The code
 * travels on paper and the program on the stick, so that neither alone is worth anything.
 */
export function Letters({ sticks }: LettersProps) {
  const { tenant_name } = useSession();
  return createPortal(
    <div className="fa-letters" aria-hidden="true">
      {sticks.map((created) => (
        <Letter key={created.stick.id} created={created} agency={tenant_name} />
      ))}
    </div>,
    document.body,
  );
}

type LetterProps = { created: Schema<'CreatedStick'>; agency: string };

function Letter({ created, agency }: LetterProps) {
  const { stick, activation_code: code, expires_at: until } = created;
  return (
    <section className="fa-letter">
      <p className="fa-letter__from">{agency}</p>
      <p>
        <Trans>
          Persönlich: <strong>{stick.person_name}</strong>
        </Trans>
      </p>
      <h1>
        <Trans>Ihr Stick für das Arbeiten von überall</Trans>
      </h1>
      <p>
        <Trans>
          Mit dem USB-Stick, den Sie getrennt von diesem Brief erhalten, arbeiten Sie an jedem
          Rechner mit Windows oder Linux. Installiert wird nichts.
        </Trans>
      </p>
      <h2>
        <Trans>Ihr Aktivierungscode</Trans>
      </h2>
      <p className="fa-letter__code">{code}</p>
      <p>
        <Trans>
          Er gilt einmal und bis {dateTime(until)}. Danach hilft Ihnen Ihre Leitstelle mit einem
          neuen.
        </Trans>
      </p>
      <h2>
        <Trans>Beim ersten Mal</Trans>
      </h2>
      <ol>
        <li>
          <Trans>
            Stecken Sie den Stick ein und öffnen Sie ihn. Starten Sie <b>fernamt-stick.exe</b>{' '}
            (Windows) oder <b>fernamt-stick</b> (Linux).
          </Trans>
        </li>
        <li>
          <Trans>Geben Sie den Aktivierungscode von oben ein.</Trans>
        </li>
        <li>
          <Trans>
            Denken Sie sich eine Passphrase aus: mindestens 12 Zeichen, am besten ein Satz oder vier
            Wörter, die nicht zusammengehören. Niemand sonst kennt sie, und niemand kann sie
            wiederherstellen.
          </Trans>
        </li>
        <li>
          <Trans>
            Geben Sie den Einmalcode ein, den die App auf Ihrem Telefon oder Ihr Token zeigt. Haben
            Sie noch keinen eingerichtet, melden Sie sich vorher einmal im Browser bei Fernamt an.
          </Trans>
        </li>
      </ol>
      <p>
        <Trans>
          Ab dem zweiten Mal genügen Passphrase und Einmalcode. Ihre Arbeitsplätze und Anwendungen
          stehen dann als Kacheln im Fenster.
        </Trans>
      </p>
      <h2>
        <Trans>Wenn der Stick fehlt</Trans>
      </h2>
      <p>
        <Trans>
          Rufen Sie sofort Ihre Leitstelle an, oder melden Sie ihn selbst: in Fernamt unter „Mein
          Konto“, „Geräte und Sitzungen“. Er ist dann innerhalb von Sekunden gesperrt. Vernichten
          Sie diesen Brief, sobald der Code benutzt ist.
        </Trans>
      </p>
    </section>
  );
}
