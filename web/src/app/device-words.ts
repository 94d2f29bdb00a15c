import { t } from '@lingui/core/macro';
import type { Schema } from '../api/client.ts';
import { icons } from '../ui/icon.tsx';
import type { Tone } from '../ui/notice.tsx';

/** A state in words, with the tone and picture it is shown in. */
export type Word = { label: string; tone: Tone; icon?: string };

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

/** The picture of a device: that of its kind, but a browser on a telephone is a telephone. */
export function deviceIcon(kind: Schema<'DeviceKind'>, name = ''): string {
  if (/Android|iOS/.test(name)) return icons.iconMobile;
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
