import { t } from '@lingui/core/macro';
import type { Schema } from '../../../api/client.ts';
import type { Word } from '../../../app/device-words.ts';
import { icons } from '../../../ui/icon.tsx';

/** What somebody can be told of; the trial comes by a button. */
export const EVENTS = [
  'meeting.booked',
  'meeting.changed',
  'meeting.cancelled',
  'meeting.opened',
  'meeting.ended',
] as const;

export function eventName(event: Schema<'WebhookEvent'>): string {
  switch (event) {
    case 'meeting.booked':
      return t`Eine Besprechung wurde gebucht`;
    case 'meeting.changed':
      return t`Eine Besprechung wurde geändert`;
    case 'meeting.cancelled':
      return t`Eine Besprechung wurde abgesagt`;
    case 'meeting.opened':
      return t`Eine Besprechung hat begonnen`;
    case 'meeting.ended':
      return t`Eine Besprechung ist zu Ende`;
    case 'trial':
      return t`Probe`;
  }
}

export function deliveryState(state: Schema<'DeliveryState'>): Word {
  switch (state) {
    case 'waiting':
      return { label: t`wartet`, tone: 'warning', icon: icons.iconHourglassTop };
    case 'delivered':
      return { label: t`angenommen`, tone: 'success' };
    case 'given_up':
      return { label: t`aufgegeben`, tone: 'danger' };
  }
}

/** Why the last try failed, and so what to look at. */
export function deliveryFault({ last_fault: fault, last_status: status }: Schema<'Delivery'>) {
  switch (fault) {
    case null:
    case undefined:
      return null;
    case 'refused':
      return t`Die Adresse führt in ein Netz, das die Konfiguration nicht freigibt.`;
    case 'unresolved':
      return t`Der Name des Rechners ist unbekannt.`;
    case 'unreachable':
      return t`Der Rechner antwortet nicht.`;
    case 'tls':
      return t`Dem Zertifikat des Rechners wird nicht vertraut.`;
    case 'timeout':
      return t`Die Antwort kam nicht rechtzeitig.`;
    case 'broken_off':
      return t`Der Rechner brach die Verbindung ab.`;
    case 'malformed':
      return t`Die Adresse lässt sich so nicht ansprechen.`;
    case 'status':
      return t`Die Antwort war ${status ?? '?'} statt einer Annahme (2xx).`;
    default:
      return t`Der Versuch ist gescheitert.`;
  }
}

/** How the webhook stands, in one word. */
export function webhookState(webhook: Schema<'Webhook'>): Word {
  if (webhook.enabled === false) {
    return { label: t`abgeschaltet`, tone: 'neutral', icon: icons.iconBlock };
  }
  return webhook.failing_since
    ? { label: t`kommt nicht an`, tone: 'danger' }
    : { label: t`in Ordnung`, tone: 'success' };
}
