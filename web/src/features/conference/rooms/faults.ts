import { t } from '@lingui/core/macro';
import { isProblem } from '../../../api/problem.ts';
import { fieldText } from '../../../api/problem-text.ts';
import { fieldProblems } from '../../../app/problem-alert.tsx';
import { FieldProblem } from '../../../ui/form.tsx';
import { durationFault } from './durations.ts';
import { allInvited, type Values } from './form-values.ts';

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
  const people = allInvited(values);
  for (const { path, code, params } of error.fields) {
    const text = fieldText(code, params);
    const [, row] = /^invitees\[(\d+)\]/.exec(path) ?? [];
    if (row !== undefined) {
      const guest = people[Number(row)];
      const said = `${guest?.name || guest?.address || '?'}: ${text}`;
      found.people = found.people ? `${found.people} ${said}` : said;
    } else if (path === 'booking.minutes' && params.least && params.most) {
      found.to = durationFault(Number(params.least), Number(params.most));
    } else if (path === 'booking.recurrence.until') {
      const { most = '?', days = '?' } = params;
      found[values.end === 'count' ? 'count' : 'until'] =
        t`Eine Serie hat höchstens ${most} Termine, und keinen später als in ${days} Tagen.`;
    } else if (code === 'no_such_time') {
      found.from = text;
    } else {
      found[FIELDS[path] ?? path] = text;
    }
  }
  return new FieldProblem(found);
}

/** The same for a date that is moved. */
export function movedFaults(error: unknown): unknown {
  const shown = fieldProblems(error, { starts: 'move_day', minutes: 'move_to' });
  const length = isProblem(error) ? error.fields.find(({ path }) => path === 'minutes') : undefined;
  if (!(shown instanceof FieldProblem) || !length?.params.most) return shown;
  const { least, most } = length.params;
  return new FieldProblem({
    ...shown.fields,
    move_to: durationFault(Number(least), Number(most)),
  });
}
