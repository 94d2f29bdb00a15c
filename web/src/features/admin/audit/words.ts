import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import type { Word } from '../../../app/device-words.ts';

export const AUDIT_KINDS = [
  'sign_in',
  'session_end',
  'decision',
  'connection_start',
  'connection_end',
  'device',
  'second_factor',
  'person',
  'group',
  'target',
  'rule',
  'setting',
  'conference',
  'mail',
  'directory_sync',
  'deletion',
  'backup',
  'audit_access',
  'reveal',
  'alarm',
] as const satisfies readonly Schema<'AuditKind'>[];

export const OUTCOMES = ['success', 'denied', 'failure'] as const;

/** What kind of thing an entry tells. */
export function kindName(kind: Schema<'AuditKind'>): string {
  switch (kind) {
    case 'sign_in':
      return t`Anmeldung`;
    case 'session_end':
      return t`Sitzungsende`;
    case 'decision':
      return t`Entscheidung`;
    case 'connection_start':
      return t`Verbindung begonnen`;
    case 'connection_end':
      return t`Verbindung beendet`;
    case 'device':
      return t`Gerät`;
    case 'second_factor':
      return t`Zweiter Faktor`;
    case 'person':
      return t`Person`;
    case 'group':
      return t`Gruppe`;
    case 'target':
      return t`Ziel oder Bündel`;
    case 'rule':
      return t`Regel`;
    case 'setting':
      return t`Einstellung`;
    case 'conference':
      return t`Besprechung`;
    case 'mail':
      return t`Post in Vertretung`;
    case 'directory_sync':
      return t`Abgleich mit dem Verzeichnis`;
    case 'deletion':
      return t`Löschung nach Frist`;
    case 'backup':
      return t`Sicherung`;
    case 'audit_access':
      return t`Einsicht ins Protokoll`;
    case 'reveal':
      return t`Pseudonym aufgedeckt`;
    case 'alarm':
      return t`Alarm`;
  }
}

/** How it went. */
export function outcomeWord(outcome: Schema<'Outcome'>): Word {
  switch (outcome) {
    case 'success':
      return { label: t`erfolgreich`, tone: 'success' };
    case 'denied':
      return { label: t`verweigert`, tone: 'warning' };
    case 'failure':
      return { label: t`fehlgeschlagen`, tone: 'danger' };
  }
}

/** What exactly happened; words that this app does not know yet are shown as they are. */
export function actionText(action: string): string {
  const known: Record<string, string> = {
    signed_in: t`angemeldet`,
    signed_out: t`abgemeldet`,
    sign_in_failed: t`Anmeldung abgelehnt`,
    wrong_password: t`falsches Passwort`,
    wrong_code: t`falscher Einmalcode`,
    ended: t`beendet`,
    ended_by_administrator: t`von der Administration beendet`,
    ended_for_all: t`für alle beendet`,
    admitted: t`eingelassen`,
    message_deleted: t`Nachricht gelöscht`,
    waiting_text_changed: t`Text im Warteraum geändert`,
    meeting_time_over: t`mit dem Ende der Zeit beendet`,
    pin_renewed: t`PIN erneuert`,
    created: t`angelegt`,
    changed: t`geändert`,
    removed: t`entfernt`,
    renamed: t`umbenannt`,
    mailbox_created: t`Funktionspostfach angelegt`,
    mailbox_renamed: t`Funktionspostfach umbenannt`,
    mailbox_removed: t`Funktionspostfach mit allen Nachrichten gelöscht`,
    mail_granted: t`Rechte im Postfach gegeben`,
    mail_revoked: t`Zugang zum Postfach genommen`,
    mail_rights_by_server: t`Rechte im Postfach vom Mailserver geändert`,
    mail_account_opened: t`Postfach in Vertretung geöffnet`,
    mail_acted_on_behalf: t`in Vertretung bearbeitet oder gesendet`,
    members_set: t`Mitglieder geändert`,
    disabled: t`deaktiviert`,
    enabled: t`aktiviert`,
    enabled_by_directory: t`vom Verzeichnis aktiviert`,
    disabled_by_directory: t`vom Verzeichnis deaktiviert`,
    password_reset: t`Passwort neu vergeben`,
    password_changed: t`Passwort geändert`,
    first_administrator_made: t`erste Administration eingerichtet`,
    reset: t`zurückgesetzt`,
    recovery_code_used: t`Wiederherstellungscode benutzt`,
    tokens_imported: t`Hardware-Token eingespielt`,
    token_handed_out: t`Hardware-Token ausgegeben`,
    token_taken_back: t`Hardware-Token zurückgenommen`,
    token_removed: t`Hardware-Token entfernt`,
    enrolled: t`neu angemeldet`,
    approved: t`freigegeben`,
    suspended: t`vorläufig gesperrt`,
    revoked: t`endgültig gesperrt`,
    token_made: t`Zugangsschlüssel für ein Programm erzeugt`,
    container_made: t`Container angelegt`,
    container_share_released: t`Schlüsselteil des Containers herausgegeben`,
    container_wiped: t`Container gelöscht`,
    licence_taken: t`Lizenz der Sicherheits-App vergeben`,
    licence_freed: t`Lizenz der Sicherheits-App frei geworden`,
    terms_accepted: t`Nutzungsbedingungen angenommen`,
    target_created: t`Ziel eingetragen`,
    target_changed: t`Ziel geändert`,
    target_removed: t`Ziel entfernt`,
    targets_imported: t`Ziele eingespielt`,
    import_undone: t`Import zurückgenommen`,
    bundle_created: t`Bündel angelegt`,
    bundle_changed: t`Bündel geändert`,
    bundle_removed: t`Bündel entfernt`,
    certificate_pinned: t`Zertifikat festgehalten`,
    certificate_unpinned: t`Zertifikat nicht mehr festgehalten`,
    settings_changed: t`Einstellungen geändert`,
    features_changed: t`Funktionen der Post umgeschaltet`,
    directory_connected: t`Verzeichnis verbunden`,
    directory_changed: t`Verzeichnis geändert`,
    directory_disconnected: t`Verzeichnis getrennt`,
    asked_for: t`von Hand angestoßen`,
    certificate_learnt: t`Zertifikat kennengelernt`,
    decided: t`entschieden`,
    refused: t`abgelehnt`,
    unknown_target: t`unbekanntes Ziel`,
    unreachable: t`nicht erreichbar`,
    state_changed: t`Zustand geändert`,
    groups_kept: t`Gruppen behalten, die dort fehlen`,
    expired: t`Frist abgelaufen`,
    made: t`angelegt`,
    restored: t`zurückgespielt`,
    searched: t`durchsucht`,
    exported: t`ausgegeben`,
    head_exported: t`signierter Kopf ausgegeben`,
    verified: t`Kette geprüft`,
    why_asked: t`„Warum?“ gefragt`,
    allowed: t`erlaubt`,
    denied: t`verweigert`,
    passkey_enrolled: t`Passkey eingerichtet`,
    passkey_removed: t`Passkey entfernt`,
    token_confirmed: t`Hardware-Token bestätigt`,
    token_resynchronised: t`Hardware-Token nachgestellt`,
    app_enrolled: t`App für Einmalcodes eingerichtet`,
    recovery_codes_made: t`Wiederherstellungscodes erzeugt`,
    member_added: t`aufgenommen`,
    member_removed: t`herausgenommen`,
    closed: t`beendet`,
    tunnel: t`Tunnel`,
    start_code_made: t`Code für die erste Anmeldung erzeugt`,
    reveal_asked: t`Aufdecken angefragt`,
    reveal_approved: t`Aufdecken zugestimmt`,
    reveal_refused: t`Aufdecken abgelehnt`,
    reveal_looked_at: t`Aufgedecktes angesehen`,
    unknown_name: t`unbekannter Name`,
    wrong_recovery_code: t`falscher Wiederherstellungscode`,
    second_factor_missing: t`zweiter Schritt fehlt`,
    wrong_passkey: t`falscher Passkey`,
    wrong_ssh_key: t`falscher SSH-Schlüssel`,
    wrong_token: t`falscher Zugangsschlüssel eines Programms`,
    person_disabled: t`Konto deaktiviert`,
    barred_by_directory: t`vom Verzeichnis gesperrt`,
    bind_limit: t`zu viele falsche Passwörter für das Verzeichnis`,
    passkey_copied: t`Passkey wurde kopiert`,
    active: t`aktiviert`,
    desktop_opened: t`Arbeitsplatz geöffnet`,
    desktop_ended: t`Arbeitsplatz beendet`,
    browser_ended: t`im Browser beendet`,
    line_lost: t`Verbindung abgerissen`,
    ticket_invalid: t`zu spät geöffnet`,
    not_allowed: t`nicht oder nicht mehr erlaubt`,
    session_ended: t`mit der Sitzung beendet`,
    device_revoked: t`Gerät wurde gesperrt`,
    shutdown: t`Fernamt wurde angehalten`,
    too_many_connections: t`zu viele Verbindungen`,
    name_unresolved: t`Rechnername unbekannt`,
    target_unreachable: t`Ziel nicht erreichbar`,
    address_refused: t`Adresse nicht zugelassen`,
    certificate_changed: t`Ziel zeigt ein anderes Zertifikat`,
    tls_failed: t`Verschlüsselung nicht möglich`,
    standard_security: t`Ziel verlangt veraltete Verschlüsselung`,
    nla_demanded: t`Ziel verlangt Anmeldung vorab (NLA)`,
    nla_missing: t`Ziel kann keine Anmeldung vorab (NLA)`,
    negotiation_failed: t`keine gemeinsame Einstellung mit dem Ziel`,
    protocol_violation: t`unerwartete Daten`,
    redirected: t`an einen anderen Rechner verwiesen`,
    redirection_refused: t`Verweis an einen anderen Rechner abgelehnt`,
    internal: t`Fehler in Fernamt`,
    own_targets_allowed: t`eigene Ziele erlaubt`,
    own_targets_forbidden: t`eigene Ziele untersagt`,
    own_target_created: t`eigenes Ziel eingetragen`,
    own_target_changed: t`eigenes Ziel geändert`,
    own_target_removed: t`eigenes Ziel entfernt`,
    stick_ordered: t`Stick angelegt`,
    stick_code_made: t`Aktivierungscode für einen Stick erzeugt`,
    stick_activated: t`Stick aktiviert`,
    stick_lost: t`Stick als verloren gemeldet`,
    stick_copied: t`Kopie eines Sticks abgewiesen`,
    stick_generation_repeated: t`Stick meldete sich mit der vorletzten Nummer an`,
    stick_generation_taken_over: t`Zähler eines Sticks nach dem Zurückspielen übernommen`,
    wrong_activation_code: t`falscher Aktivierungscode`,
    old_session_secret: t`alter Sitzungsschlüssel kam zurück`,
  };
  return known[action] ?? action.replaceAll('_', ' ');
}
