import { t } from '@lingui/core/macro';
import { isProblem } from '../../../api/problem.ts';
import { fieldText } from '../../../api/problem-text.ts';
import { FieldProblem } from '../../../ui/form.tsx';
import type { Values } from './form-values.ts';

/** The form's fields by the server's paths. */
const FIELDS: Record<string, keyof Values> = {
  booking: 'day',
  'booking.starts': 'day',
  'booking.minutes': 'to',
  'booking.time_zone': 'zone',
  'booking.recurrence.interval': 'interval',
  'booking.recurrence.every.on': 'weekdays',
  'booking.recurrence.until.count': 'count',
  'booking.recurrence.until.day': 'until',
  'booking.recurrence.except': 'repeat',
  invitees: 'people',
};

/** Puts what the server found beside the form's fields; a fault of an invitation says whose. */
export function bookingFaults(error: unknown, values: Values): unknown {
  if (!isProblem(error) || error.fields.length === 0) return error;
  const found: Record<string, string> = {};
  for (const { path, code, params } of error.fields) {
    const text = fieldText(code, params);
    const [, row] = /^invitees\[(\d+)\]/.exec(path) ?? [];
    if (row !== undefined) {
      const guest = values.people[Number(row)];
      const said = `${guest?.name || guest?.address || '?'}: ${text}`;
      found.people = found.people ? `${found.people} ${said}` : said;
    } else if (path === 'booking.recurrence.until') {
      const { most = '?', days = '?' } = params;
      found[values.end === 'count' ? 'count' : 'until'] =
        t`Eine Serie hat höchstens ${most} Termine, und keinen später als in ${days} Tagen.`;
    } else {
      found[FIELDS[path] ?? path] = text;
    }
  }
  return new FieldProblem(found);
}
