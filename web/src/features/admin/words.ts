import { t } from '@lingui/core/macro';
import type { Schema } from '../../api/client.ts';
import type { Word } from '../../app/device-words.ts';
import type { Option } from '../../ui/choices.tsx';
import { icons } from '../../ui/icon.tsx';

/** Turns a list of values into options with their names. */
export function optionsOf<Value extends string>(
  values: readonly Value[],
  name: (value: Value) => string,
): Option<Value>[] {
  return values.map((value) => ({ value, label: name(value) }));
}

export const ROLES = ['administrator', 'control_desk', 'data_protection'] as const;

/** A duty's name. */
export function roleName(role: Schema<'Role'>): string {
  switch (role) {
    case 'administrator':
      return t`Administration`;
    case 'control_desk':
      return t`Leitstelle`;
    case 'data_protection':
      return t`Datenschutz`;
  }
}

/** What a duty allows. */
export function roleHint(role: Schema<'Role'>): string {
  switch (role) {
    case 'administrator':
      return t`Darf alles einrichten: Personen, Ziele, Regeln, Einstellungen.`;
    case 'control_desk':
      return t`Gibt Geräte frei und sperrt sie, beendet Sitzungen.`;
    case 'data_protection':
      return t`Liest das Prüfprotokoll und ändert sonst nichts.`;
  }
}

/** Where an account or group is kept. */
export function sourceName(source: Schema<'PersonSource'>): string {
  return source === 'directory' ? t`Verzeichnis` : t`Fernamt`;
}

/** Whether a person may sign in. */
export function personState(state: Schema<'PersonState'>): Word {
  return state === 'active'
    ? { label: t`aktiv`, tone: 'success' }
    : { label: t`deaktiviert`, tone: 'danger', icon: icons.iconBlock };
}

export const TARGET_KINDS = ['rdp', 'web', 'ssh', 'tcp'] as const;

/** The kind of a target. */
export function targetKindName(kind: Schema<'TargetKind'>): string {
  switch (kind) {
    case 'rdp':
      return t`Arbeitsplatz (RDP)`;
    case 'web':
      return t`Webanwendung`;
    case 'ssh':
      return t`SSH-Zugang`;
    case 'tcp':
      return t`Dienst (TCP)`;
  }
}

/** What a target of a kind is for. */
export function targetKindHint(kind: Schema<'TargetKind'>): string {
  switch (kind) {
    case 'rdp':
      return t`Ein Windows- oder Linux-Desktop. Er öffnet sich im Browser.`;
    case 'web':
      return t`Eine Seite im Hausnetz. Sie ist erst nach der Anmeldung erreichbar.`;
    case 'ssh':
      return t`Ein Server, den man mit einem SSH-Programm erreicht.`;
    case 'tcp':
      return t`Ein Fachverfahren oder eine Datenbank, erreichbar durch einen Tunnel.`;
  }
}

/** The picture of a target's kind. */
export function targetKindIcon(kind: Schema<'TargetKind'>): string {
  switch (kind) {
    case 'rdp':
      return icons.iconDesktopWindows;
    case 'web':
      return icons.iconLanguage;
    case 'ssh':
      return icons.iconTerminal;
    case 'tcp':
      return icons.iconLan;
  }
}

export const HEALTH_STATES = ['ok', 'unreachable', 'certificate_changed', 'unknown'] as const;

/** Whether a target answers. */
export function healthState(state: Schema<'HealthState'>): Word {
  switch (state) {
    case 'ok':
      return { label: t`erreichbar`, tone: 'success' };
    case 'unreachable':
      return { label: t`nicht erreichbar`, tone: 'danger' };
    case 'certificate_changed':
      return { label: t`anderes Zertifikat`, tone: 'danger', icon: icons.iconWarning };
    case 'unknown':
      return { label: t`noch nicht geprüft`, tone: 'neutral', icon: icons.iconHelp };
  }
}

/** What was seen when a target was last looked at. */
export function healthDetail(code: string): string {
  switch (code) {
    case 'name_unresolved':
      return t`Den Rechnernamen kennt hier niemand.`;
    case 'address_refused':
      return t`Zu dieser Adresse darf Fernamt keine Verbindung aufnehmen.`;
    case 'tls_failed':
      return t`Eine verschlüsselte Verbindung kommt nicht zustande.`;
    case 'standard_security':
    case 'nla_demanded':
    case 'nla_missing':
    case 'negotiation_failed':
      return t`Die Sicherheitseinstellungen des Rechners passen nicht zu denen hier.`;
    case 'certificate_changed':
      return t`Er zeigt ein anderes Zertifikat.`;
    default:
      return t`Rechner oder Dienst antworten nicht.`;
  }
}

/** What rules do where they apply. */
export function effectWord(effect: Schema<'Effect'>): Word {
  return effect === 'allow'
    ? { label: t`erlaubt`, tone: 'success' }
    : { label: t`verweigert`, tone: 'danger', icon: icons.iconBlock };
}

/** Weekdays by their ISO number, Monday being 1. */
export function weekdayName(day: number): string {
  switch (day) {
    case 1:
      return t`Montag`;
    case 2:
      return t`Dienstag`;
    case 3:
      return t`Mittwoch`;
    case 4:
      return t`Donnerstag`;
    case 5:
      return t`Freitag`;
    case 6:
      return t`Samstag`;
    default:
      return t`Sonntag`;
  }
}
