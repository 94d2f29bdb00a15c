import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api, must } from '../../api/client.ts';
import { Frame } from '../../app/frame.tsx';
import { sessionQuery } from '../../app/queries.ts';
import { CopyField } from '../../ui/copy-field.tsx';
import { Icon, icons } from '../../ui/icon.tsx';
import { Page } from '../../ui/page.tsx';

export const HelpRoute = createLazyRoute('/hilfe')({ component: HelpPage });

function HelpPage() {
  const { t } = useLingui();
  return (
    <Frame>
      <Page
        title={t`Hilfe`}
        lead={<Trans>Kurz und in der Reihenfolge, in der man es braucht.</Trans>}
        narrow
      >
        <nav className="fa-card kern-level-2" aria-label={t`Auf dieser Seite`}>
          <ul className="fa-toc">
            <li>
              <a href="#anmelden">
                <Trans>Sich anmelden</Trans>
              </a>
            </li>
            <li>
              <a href="#arbeitsplatz">
                <Trans>Am Arbeitsplatz</Trans>
              </a>
            </li>
            <li>
              <a href="#stick">
                <Trans>Mit dem Stick</Trans>
              </a>
            </li>
            <li>
              <a href="#wenn">
                <Trans>Was tun, wenn …</Trans>
              </a>
            </li>
            <li>
              <a href="#ssh">
                <Trans>Tunnel mit SSH und PuTTY</Trans>
              </a>
            </li>
            <li>
              <a href="#tasten">
                <Trans>Bedienung mit der Tastatur</Trans>
              </a>
            </li>
          </ul>
        </nav>
        <SigningIn />
        <AtTheDesktop />
        <TheStick />
        <WhatIf />
        <SshTunnels />
        <Keyboard />
      </Page>
    </Frame>
  );
}

function Chapter({
  id,
  icon,
  title,
  children,
}: {
  id: string;
  icon: string;
  title: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="fa-card kern-level-2" id={id}>
      <h2 className="fa-row">
        <Icon of={icon} className="fa-list__icon" />
        {title}
      </h2>
      <div className="fa-prose">{children}</div>
    </section>
  );
}

function SigningIn() {
  return (
    <Chapter id="anmelden" icon={icons.iconLock} title={<Trans>Sich anmelden</Trans>}>
      <ol>
        <li>
          <Trans>Öffnen Sie die Adresse Ihrer Behörde, am besten über ein Lesezeichen.</Trans>
        </li>
        <li>
          <Trans>Geben Sie Anmeldenamen und Passwort ein. Es sind dieselben wie im Büro.</Trans>
        </li>
        <li>
          <Trans>
            Geben Sie den Einmalcode ein, den die App auf Ihrem Telefon oder Ihr Token zeigt.
          </Trans>
        </li>
      </ol>
      <p>
        <Trans>
          <strong>Beim ersten Mal</strong> wählen Sie im zweiten Schritt „Erste Anmeldung?
          Einmalcodes jetzt einrichten“ und lesen mit dem Telefon ein Bild ein. Danach erhalten Sie
          Wiederherstellungscodes: Drucken Sie sie aus.
        </Trans>
      </p>
      <p>
        <Trans>
          <strong>Einfacher mit Passkey:</strong> Unter „Mein Konto“, „Sicherheit“ richten Sie einen
          Passkey ein. Dann genügen Fingerabdruck, Gesicht oder die PIN Ihres Geräts.
        </Trans>
      </p>
    </Chapter>
  );
}

function AtTheDesktop() {
  return (
    <Chapter
      id="arbeitsplatz"
      icon={icons.iconDesktopWindows}
      title={<Trans>Am Arbeitsplatz</Trans>}
    >
      <ul>
        <li>
          <Trans>
            Der Arbeitsplatz öffnet in einem eigenen Reiter und passt sich dem Fenster an.
            „Vollbild“ oben gibt ihm den ganzen Bildschirm; mit gedrückter Escape-Taste kommen Sie
            zurück.
          </Trans>
        </li>
        <li>
          <Trans>
            Text einfügen: Strg+V im Arbeitsplatz. Text herausholen: dort kopieren, dann hier
            einfügen. Ob Ihre Behörde das erlaubt, steht in der Leiste neben „Zwischenablage“.
          </Trans>
        </li>
        <li>
          <Trans>
            Strg+Alt+Entf schickt die gleichnamige Schaltfläche; die Tasten selbst fängt Ihr eigenes
            Gerät ab.
          </Trans>
        </li>
        <li>
          <Trans>
            „Beenden“ trennt nur die Verbindung. Ihre Programme laufen weiter, und beim nächsten
            Öffnen finden Sie sie wieder. Zum Feierabend melden Sie sich im Arbeitsplatz selbst ab.
          </Trans>
        </li>
      </ul>
    </Chapter>
  );
}

function TheStick() {
  return (
    <Chapter id="stick" icon={icons.iconUsb} title={<Trans>Mit dem Stick</Trans>}>
      <p>
        <Trans>
          Haben Sie von Ihrer Behörde einen Stick bekommen, arbeiten Sie damit an jedem Rechner mit
          Windows oder Linux. Installiert wird nichts.
        </Trans>
      </p>
      <ol>
        <li>
          <Trans>
            Stecken Sie den Stick ein und starten Sie <b>fernamt-stick.exe</b> (Windows) oder{' '}
            <b>fernamt-stick</b> (Linux).
          </Trans>
        </li>
        <li>
          <Trans>
            <strong>Beim ersten Mal</strong> geben Sie den Aktivierungscode aus dem Brief ein und
            denken sich eine Passphrase aus.
          </Trans>
        </li>
        <li>
          <Trans>
            Geben Sie Passphrase und Einmalcode ein. Danach stehen Ihre Ziele als Kacheln im
            Fenster.
          </Trans>
        </li>
        <li>
          <Trans>
            Zum Feierabend schließen Sie das Fenster und ziehen den Stick ab. Was über ihn lief,
            endet dabei.
          </Trans>
        </li>
      </ol>
      <p>
        <Trans>
          <strong>Passphrase vergessen?</strong> Niemand kann sie wiederherstellen. Ihre Leitstelle
          gibt Ihnen einen neuen Aktivierungscode; der Stick bleibt derselbe.
        </Trans>
      </p>
    </Chapter>
  );
}

function Question({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <details className="fa-details">
      <summary>{title}</summary>
      <div className="fa-prose">{children}</div>
    </details>
  );
}

function WhatIf() {
  return (
    <section className="fa-stack" id="wenn">
      <h2>
        <Trans>Was tun, wenn …</Trans>
      </h2>
      <div className="fa-stack fa-stack--tight">
        <Question title={<Trans>… der Einmalcode nicht angenommen wird?</Trans>}>
          <p>
            <Trans>
              Jeder Code gilt nur einmal und etwa 30 Sekunden. Warten Sie auf den nächsten. Stimmt
              die Uhr des Telefons nicht, stimmen auch die Codes nicht: Stellen Sie Datum und
              Uhrzeit auf „automatisch“.
            </Trans>
          </p>
        </Question>
        <Question title={<Trans>… das Telefon verloren oder neu ist?</Trans>}>
          <p>
            <Trans>
              Melden Sie sich mit einem Wiederherstellungscode an und richten Sie unter „Mein
              Konto“, „Sicherheit“ das neue Telefon ein. Haben Sie keinen Code mehr, setzt Ihre
              Leitstelle den zweiten Schritt zurück. Ist das Telefon gestohlen, rufen Sie dort
              gleich an.
            </Trans>
          </p>
        </Question>
        <Question title={<Trans>… das Gerät auf Freigabe wartet?</Trans>}>
          <p>
            <Trans>
              Ihre Behörde gibt jeden neuen Browser einmal frei. Die Leitstelle sieht Ihre Anmeldung
              schon. Nach der Freigabe melden Sie sich einfach erneut an.
            </Trans>
          </p>
        </Question>
        <Question title={<Trans>… der Stick verloren oder gestohlen ist?</Trans>}>
          <p>
            <Trans>
              Rufen Sie sofort Ihre Leitstelle an, oder melden Sie ihn selbst: unter „Mein Konto“,
              „Geräte und Sitzungen“. Er ist dann innerhalb von Sekunden gesperrt, auch wenn er
              gerade benutzt wird. Ohne Ihre Passphrase kann niemand etwas mit ihm anfangen.
            </Trans>
          </p>
        </Question>
        <Question title={<Trans>… ein Arbeitsplatz nicht antwortet?</Trans>}>
          <p>
            <Trans>
              Meist ist der Rechner ausgeschaltet oder startet gerade neu. Versuchen Sie es in
              einigen Minuten wieder. Bleibt es dabei, nennen Sie Ihrer IT-Stelle den Namen der
              Kachel.
            </Trans>
          </p>
        </Question>
        <Question title={<Trans>… eine Kachel fehlt?</Trans>}>
          <p>
            <Trans>
              Sie sehen nur, was die Regeln Ihrer Behörde Ihnen auf diesem Gerät und zu dieser Zeit
              erlauben. Fehlt etwas, das Sie brauchen, hilft Ihre IT-Stelle.
            </Trans>
          </p>
        </Question>
        <Question title={<Trans>… die Leitung abreißt?</Trans>}>
          <p>
            <Trans>
              Nichts geht verloren: Ihr Arbeitsplatz läuft im Büro weiter. Sobald die Leitung wieder
              da ist, verbindet er sich von selbst.
            </Trans>
          </p>
        </Question>
        <Question title={<Trans>… Sie eine Anmeldung sehen, die nicht von Ihnen ist?</Trans>}>
          <p>
            <Trans>
              Beenden Sie sie unter „Mein Konto“, „Geräte und Sitzungen“, sperren Sie das Gerät,
              ändern Sie Ihr Passwort und rufen Sie Ihre Leitstelle an.
            </Trans>
          </p>
        </Question>
      </div>
    </section>
  );
}

function SshTunnels() {
  const { t } = useLingui();
  const { data: session } = useQuery(sessionQuery);
  const { data } = useQuery({
    queryKey: ['me', 'targets'],
    queryFn: () => must(api.GET('/api/v1/me/targets')),
    enabled: Boolean(session),
  });
  const gateway = data?.ssh_gateway;
  const host = gateway?.host ?? window.location.hostname;
  const port = gateway?.port ?? 2222;
  const user = gateway?.user ?? t`anmeldename`;
  return (
    <Chapter id="ssh" icon={icons.iconTerminal} title={<Trans>Tunnel mit SSH und PuTTY</Trans>}>
      <p>
        <Trans>
          Programme, die nicht im Browser laufen, erreichen ihr Ziel durch einen Tunnel. Windows,
          macOS und Linux bringen <code>ssh</code> mit; installiert werden muss nichts.
        </Trans>
      </p>
      <h3>
        <Trans>Ein Ziel auf das eigene Gerät holen</Trans>
      </h3>
      <CopyField
        label={t`Befehl`}
        value={`ssh -N -p ${port} -L 13389:${t`ziel`}:3389 ${user}@${host}`}
      />
      <p>
        <Trans>
          Melden Sie sich mit Passwort und Einmalcode an und lassen Sie das Fenster offen. Die
          Remotedesktop-Verbindung öffnen Sie dann mit der Adresse <code>localhost:13389</code>.
        </Trans>
      </p>
      <h3>
        <Trans>Über ein Ziel weiterspringen</Trans>
      </h3>
      <CopyField label={t`Befehl`} value={`ssh -J ${user}@${host}:${port} ${t`ich@ziel`}`} />
      <h3>
        <Trans>Alle erlaubten Ziele über einen Proxy</Trans>
      </h3>
      <CopyField label={t`Befehl`} value={`ssh -N -p ${port} -D 1080 ${user}@${host}`} />
      <h3>PuTTY</h3>
      <CopyField
        label={t`Befehl`}
        value={`plink -N -P ${port} -L 13389:${t`ziel`}:3389 ${user}@${host}`}
      />
      <p>
        <Trans>
          Im Fenster von PuTTY tragen Sie unter Session als Host Name <code>{host}</code> und als
          Port <code>{port}</code> ein, unter Connection, SSH, Tunnels als Source port{' '}
          <code>13389</code> und als Destination <code>ziel:3389</code>. Dann Add und Open.
        </Trans>
      </p>
      <h3>
        <Trans>Mit Schlüssel statt Passwort</Trans>
      </h3>
      <CopyField label={t`Befehl`} value="ssh-keygen -t ed25519" />
      <p>
        <Trans>
          Hinterlegen Sie den Inhalt der Datei mit der Endung <code>.pub</code> unter „Mein Konto“,
          „SSH-Schlüssel“. Nach der Freigabe fragt der Tunnel nur noch nach dem Einmalcode. Ein
          Code, den Sie schon im Browser benutzt haben, gilt hier nicht noch einmal.
        </Trans>
      </p>
      {gateway && gateway.fingerprints.length > 0 && (
        <>
          <h3>
            <Trans>Woran Sie den richtigen Server erkennen</Trans>
          </h3>
          <p>
            <Trans>
              Beim ersten Mal zeigt das Programm einen Fingerabdruck. Er muss einer von diesen sein:
            </Trans>
          </p>
          <ul>
            {gateway.fingerprints.map((fingerprint) => (
              <li key={fingerprint}>
                <code className="fa-break">{fingerprint}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </Chapter>
  );
}

function Keyboard() {
  return (
    <Chapter
      id="tasten"
      icon={icons.iconKeyboard}
      title={<Trans>Bedienung mit der Tastatur</Trans>}
    >
      <ul>
        <li>
          <Trans>
            <kbd>Tab</kbd> geht vorwärts, <kbd>Umschalt</kbd>+<kbd>Tab</kbd> zurück,{' '}
            <kbd>Eingabe</kbd> öffnet. Der erste Tabulator-Sprung führt zum Inhalt.
          </Trans>
        </li>
        <li>
          <Trans>
            Auf der Startseite springt <kbd>/</kbd> in die Suche; <kbd>Eingabe</kbd> öffnet den
            ersten Treffer.
          </Trans>
        </li>
        <li>
          <Trans>
            <kbd>Escape</kbd> schließt Menüs und Dialoge.
          </Trans>
        </li>
        <li>
          <Trans>
            Im Arbeitsplatz gehören alle Tasten ihm. <kbd>Strg</kbd>+<kbd>Alt</kbd>+<kbd>Pos1</kbd>{' '}
            führt zurück in die Leiste.
          </Trans>
        </li>
      </ul>
    </Chapter>
  );
}
