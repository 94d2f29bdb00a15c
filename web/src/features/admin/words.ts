import { t } from '@lingui/core/macro';
import type { Schema } from '../../api/client.ts';
import type { Option } from '../../ui/choices.tsx';
import { icons } from '../../ui/icon.tsx';
import type { Tone } from '../../ui/notice.tsx';

/** A state in words, with the tone and picture it is shown in. */
export type Word = { label: string; tone: Tone; icon?: string };

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

export const DEVICE_KINDS = [
  'browser',
  'ssh_key',
  'ssh_password',
  'stick',
  'phone',
  'thin_client',
  'peer',
  'api_client',
] as const satisfies readonly Schema<'DeviceKind'>[];

/** The kind of a device. */
export function deviceKindName(kind: Schema<'DeviceKind'>): string {
  switch (kind) {
    case 'browser':
      return t`Browser`;
    case 'stick':
      return t`Stick`;
    case 'ssh_key':
      return t`SSH-Schlüssel`;
    case 'ssh_password':
      return t`SSH mit Passwort und Code`;
    case 'api_client':
      return t`Programm (API)`;
    case 'phone':
      return t`Telefon`;
    case 'peer':
      return t`WireGuard-Gerät`;
    case 'thin_client':
      return t`Thin Client`;
  }
}

/** The picture of a device's kind. */
export function deviceKindIcon(kind: Schema<'DeviceKind'>): string {
  switch (kind) {
    case 'browser':
      return icons.iconComputer;
    case 'stick':
      return icons.iconUsb;
    case 'ssh_key':
      return icons.iconKey;
    case 'ssh_password':
      return icons.iconTerminal;
    case 'api_client':
      return icons.iconCode;
    case 'phone':
      return icons.iconMobile;
    case 'peer':
      return icons.iconVpnKey;
    case 'thin_client':
      return icons.iconDesktopWindows;
  }
}

export const DEVICE_STATES = ['pending', 'approved', 'suspended', 'revoked'] as const;

/** How far a device is trusted. */
export function deviceState(state: Schema<'DeviceState'>): Word {
  switch (state) {
    case 'pending':
      return { label: t`wartet auf Freigabe`, tone: 'warning', icon: icons.iconHourglassTop };
    case 'approved':
      return { label: t`freigegeben`, tone: 'success' };
    case 'suspended':
      return { label: t`vorläufig gesperrt`, tone: 'danger', icon: icons.iconLock };
    case 'revoked':
      return { label: t`endgültig gesperrt`, tone: 'neutral', icon: icons.iconBlock };
  }
}

export const METHODS = ['password', 'totp', 'passkey', 'recovery_code', 'ssh_key'] as const;

/** A way in which a person proved who they are. */
export function methodName(method: Schema<'Method'>): string {
  switch (method) {
    case 'password':
      return t`Passwort`;
    case 'totp':
      return t`Einmalcode`;
    case 'passkey':
      return t`Passkey`;
    case 'recovery_code':
      return t`Wiederherstellungscode`;
    case 'ssh_key':
      return t`SSH-Schlüssel`;
  }
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
