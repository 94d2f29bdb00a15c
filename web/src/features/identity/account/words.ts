import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import { icons } from '../../../ui/icon.tsx';
import type { Tone } from '../../../ui/notice.tsx';

type DeviceKind = Schema<'DeviceKind'>;
type DeviceState = Schema<'DeviceState'>;
type Method = Schema<'Method'>;

/** A picture for a device's kind. */
export function deviceIcon(kind: DeviceKind, name = ''): string {
  if (/Android|iOS/.test(name)) return icons.iconMobile;
  switch (kind) {
    case 'ssh_key':
      return icons.iconKey;
    case 'ssh_password':
      return icons.iconTerminal;
    case 'stick':
      return icons.iconUsb;
    case 'phone':
      return icons.iconMobile;
    default:
      return icons.iconComputer;
  }
}

/** A device's state in words, with its tone. */
export function deviceStateText(state: DeviceState): { tone: Tone; text: string } {
  switch (state) {
    case 'approved':
      return { tone: 'success', text: t`Freigegeben` };
    case 'pending':
      return { tone: 'warning', text: t`Wartet auf Freigabe` };
    case 'suspended':
      return { tone: 'danger', text: t`Vorläufig gesperrt` };
    default:
      return { tone: 'neutral', text: t`Gesperrt` };
  }
}

/** How somebody signed in. */
export function methodText(method: Method): string {
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
    default:
      return t`Token`;
  }
}
