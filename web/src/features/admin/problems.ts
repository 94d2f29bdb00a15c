import { t } from '@lingui/core/macro';
import { registerFieldFaults, registerProblems } from '../../api/problem-text.ts';

registerProblems({
  mailbox_owner: () => ({
    what: t`Das ist das Postfach dieser Person selbst.`,
    next: t`Sie darf darin schon alles. Wählen Sie eine andere Person.`,
  }),
  outdated: () => ({
    what: t`Jemand anderes hat diesen Eintrag inzwischen geändert.`,
    next: t`Laden Sie die Seite neu und nehmen Sie Ihre Änderung noch einmal vor.`,
  }),
  last_administrator: () => ({
    what: t`Das ist das letzte aktive Konto mit der Aufgabe „Administration“.`,
    next: t`Geben Sie zuerst einer anderen Person diese Aufgabe. Sonst kann niemand mehr Fernamt einrichten.`,
  }),
  oneself: () => ({
    what: t`Das geht nicht mit dem eigenen Konto.`,
    next: t`Bitten Sie eine andere Person mit der Aufgabe „Administration“ darum.`,
  }),
  used_by_rules: ({ params }) => ({
    what: t`Regeln verwenden diesen Eintrag noch.`,
    next: params.rules
      ? t`Ändern oder entfernen Sie zuerst: ${params.rules}.`
      : t`Ändern oder entfernen Sie zuerst diese Regeln.`,
  }),
  used_by_features: () => ({
    what: t`Unter „Funktionen der Post“ ist etwas für diese Gruppe oder eine Gruppe dieses Verzeichnisses an- oder ausgeschaltet.`,
    next: t`Setzen Sie sie dort zuerst auf „wie alle“.`,
  }),
  no_licence_left: ({ params }) => ({
    what: t`Alle ${params.licences ?? ''} Lizenzen der Sicherheits-App sind vergeben.`,
    next: t`Löschen Sie den Container eines Telefons, das niemand mehr benutzt, oder sperren Sie es endgültig. Weitere Lizenzen trägt die Administration in den Einstellungen ein.`,
  }),
  phones_refused: () => ({
    what: t`Ihre Verwaltung nimmt keine Telefone und Tablets an, und dieses Gerät ist eines oder sagt nicht, was es ist.`,
    next: t`Lehnen Sie es ab. Ob Telefone erlaubt sind, legt die Administration in den Einstellungen fest.`,
  }),
  reference: () => ({
    what: t`Der Eintrag wird noch gebraucht, oder er nennt etwas, das es nicht mehr gibt.`,
    next: t`Laden Sie die Seite neu und prüfen Sie die Auswahl.`,
  }),
  kept_in_directory: () => ({
    what: t`Das wird im Verzeichnis geführt.`,
    next: t`Ändern Sie es dort. Fernamt übernimmt die Änderung beim nächsten Abgleich.`,
  }),
  too_many: ({ params }) => ({
    what: t`Mehr davon sind nicht möglich.`,
    next: params.limit
      ? t`Die Grenze liegt bei ${params.limit}. Entfernen Sie, was nicht mehr gebraucht wird.`
      : t`Entfernen Sie, was nicht mehr gebraucht wird.`,
  }),
  this_device: () => ({
    what: t`An diesem Gerät arbeiten Sie gerade.`,
    next: t`Sperren Sie es von einem anderen Gerät aus, sonst sperren Sie sich selbst aus.`,
  }),
  revoked: () => ({
    what: t`Dieses Gerät ist endgültig gesperrt.`,
    next: t`Die Person kann es neu anmelden; dann wartet es wieder auf Freigabe.`,
  }),
  no_certificate: () => ({
    what: t`Das Ziel hat kein Zertifikat gezeigt.`,
    next: t`Prüfen Sie Adresse und Port, und ob das Ziel läuft und verschlüsselt spricht.`,
  }),
  other_certificate: () => ({
    what: t`Das Ziel zeigt inzwischen ein anderes Zertifikat.`,
    next: t`Sehen Sie es sich noch einmal an, und vergleichen Sie neu.`,
  }),
  unreadable_certificate: () => ({
    what: t`Das Zertifikat des Ziels lässt sich nicht lesen.`,
    next: t`Erneuern Sie das Zertifikat am Ziel.`,
  }),
  stick_copied: () => ({
    what: t`Von diesem Stick wurde eine Kopie benutzt.`,
    next: t`Erzeugen Sie einen neuen Aktivierungscode. Erst damit gilt der Stick wieder, und die Kopie ist wertlos.`,
  }),
  stick_not_activated: () => ({
    what: t`Dieser Stick hat noch keinen Schlüssel.`,
    next: t`Er gilt, sobald die Person ihn mit ihrem Aktivierungscode aktiviert hat.`,
  }),
  stick_programs_missing: ({ params }) => ({
    what: t`Auf dem Server fehlen die Programme für den Stick.`,
    next: params.folder
      ? t`Legen Sie fernamt-stick.exe und fernamt-stick in den Ordner ${params.folder}.`
      : t`Legen Sie fernamt-stick.exe und fernamt-stick in den Ordner, den die Konfiguration nennt.`,
  }),
  stick_no_way: () => ({
    what: t`Der SSH-Zugang ist ausgeschaltet. Ohne ihn kommt kein Stick herein.`,
    next: t`Ergänzen Sie in der Konfiguration den Abschnitt [ssh], und starten Sie Fernamt neu.`,
  }),
  undone_already: () => ({
    what: t`Dieser Import ist schon zurückgenommen.`,
    next: t`Sehen Sie in der Liste der Ziele nach, was jetzt gilt.`,
  }),
  too_old: () => ({
    what: t`Dieser Import stammt von einer älteren Fassung von Fernamt.`,
    next: t`Ändern Sie die Ziele einzeln, oder spielen Sie eine frühere Tabelle ein.`,
  }),
});

registerProblems({
  switched_off: () => ({
    what: t`Dieser Webhook ist abgeschaltet.`,
    next: t`Schalten Sie ihn ein, und versuchen Sie es dann noch einmal.`,
  }),
  has_second_factor: () => ({
    what: t`Diese Person hat schon einen zweiten Faktor.`,
    next: t`Ging er verloren, setzen Sie ihn zurück.`,
  }),
  not_agreed: () => ({
    what: t`Ansehen kann es nur, wer gefragt hat, und erst nach der Zustimmung.`,
    next: t`Warten Sie, bis jemand mit der anderen Aufgabe zugestimmt hat.`,
  }),
  other_duty_needed: () => ({
    what: t`Dafür braucht es eine zweite Person mit der anderen Aufgabe.`,
    next: t`Fragt die Administration, entscheidet der Datenschutz, und umgekehrt.`,
  }),
  decided_already: () => ({
    what: t`Darüber wurde schon entschieden.`,
    next: t`Laden Sie die Seite neu. Ist noch etwas offen, fragen Sie neu an.`,
  }),
});

/** The faults of a vendor's token file; all but the first three name the entry. */
const ofEntry = (what: () => string) => (params: Readonly<Record<string, string>>) => {
  const entry = params.entry ?? '?';
  const fault = what();
  return t`Eintrag ${entry}: ${fault}`;
};

registerFieldFaults({
  too_large: () => t`Die Datei ist zu groß.`,
  unknown_format: () => t`Das ist weder PSKC noch CSV mit Seriennummer und Geheimnis.`,
  encrypted: () => t`Die Datei ist verschlüsselt. Lassen Sie sich eine unverschlüsselte geben.`,
  serial: ofEntry(() => t`Die Seriennummer fehlt oder ist zu lang.`),
  doubled: ofEntry(() => t`Diese Seriennummer kommt zweimal vor.`),
  secret: ofEntry(() => t`Das Geheimnis fehlt oder ist nicht lesbar.`),
  algorithm: ofEntry(() => t`Dieses Verfahren kennt Fernamt nicht.`),
  digits: ofEntry(() => t`Möglich sind 6 oder 8 Ziffern.`),
  period: ofEntry(() => t`Möglich sind 30 oder 60 Sekunden.`),
  type: ofEntry(() => t`Die Art des Tokens ist unbekannt.`),
  counter: ofEntry(() => t`Der Zählerstand ist nicht lesbar.`),
  damaged: ofEntry(() => t`Der Eintrag ist beschädigt.`),
  too_short: () => t`Das ist zu kurz. Schreiben Sie ein paar Worte mehr.`,
  out_of_range: ({ least, most }) =>
    least && most
      ? t`Möglich ist alles zwischen ${least} und ${most}.`
      : t`Diese Zahl liegt außerhalb der Grenzen.`,
  reserved: () => t`Diese Kurzadresse braucht Fernamt selbst.`,
  this_server: () =>
    t`Das ist der Fernamt-Server selbst. Nennen Sie einen Rechner im Haus, oder geben Sie den Port in der Konfiguration frei (allow_loopback_ports).`,
  too_many: () => t`Das sind zu viele. Nehmen Sie einige heraus.`,
  circle: () => t`Eine Gruppe kann sich nicht selbst enthalten, auch nicht über andere Gruppen.`,
  kept_in_directory: () => t`Das wird im Verzeichnis geführt. Ändern Sie es dort.`,
  before_start: () => t`Der letzte Tag liegt vor dem ersten.`,
  too_wide: () => t`Ein Netz mit allen Adressen begrenzt nichts. Nennen Sie die Netze des Hauses.`,
  empty_window: () => t`Anfang und Ende sind gleich. So gilt die Regel nie.`,
  contradiction: () =>
    t`„Alle“ und eine Auswahl zugleich geht nicht. Nehmen Sie eines davon heraus.`,
  too_deep: () => t`Der Text ist zu tief verschachtelt. Teilen Sie ihn in mehrere Regeln.`,
  too_many_operators: () =>
    t`Der Text verknüpft zu viel auf einmal. Nehmen Sie Listen, oder teilen Sie ihn in mehrere Regeln.`,
  syntax: () => t`Der Text ist kein gültiges Cedar. Die Stelle steht unten.`,
  schema: () => t`Der Text nennt etwas, das es hier nicht gibt. Die Stelle steht unten.`,
  template: () =>
    t`Vorlagen mit Platzhaltern sind hier nicht möglich. Nennen Sie Personen und Ziele.`,
  cedar: () => t`Cedar nimmt diese Regel nicht an.`,
  duplicate: () => t`Diese Regel gibt es schon.`,
  laxer: () => t`Eine Schutzklasse lässt sich nur strenger machen.`,
  malformed: () => t`Das ist keine Adresse. Sie beginnt mit https:// und nennt einen Rechner.`,
  not_http: () =>
    t`Meldungen gehen nur verschlüsselt hinaus: Die Adresse muss mit https:// beginnen.`,
  credentials: () => t`In der Adresse dürfen weder Name noch Passwort stehen.`,
  fragment: () => t`Lassen Sie in der Adresse alles ab dem Rautezeichen weg.`,
  refused: () =>
    t`An diese Adresse sendet Fernamt nichts: Sie führt in ein Netz, das die Konfiguration nicht freigibt.`,
  unavailable: () => t`Der Text ließ sich gerade nicht prüfen. Speichern Sie noch einmal.`,
});
