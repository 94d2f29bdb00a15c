import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { isProblem } from '../../../api/problem.ts';
import { Button } from '../../../ui/button.tsx';
import { CheckboxGroup, RadioGroup, Select } from '../../../ui/choices.tsx';
import { TextField } from '../../../ui/fields.tsx';
import type { FormState } from '../../../ui/form.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { formatMinutes } from '../../../ui/time.tsx';
import {
  bookingOf,
  onDays,
  type Repeat,
  type Values,
  weekdayOf,
  weekOfMonth,
} from './form-values.ts';
import { type Options, previewQuery } from './queries.ts';
import { minutesBetween, ownZone, wallText } from './times.ts';
import { WEEKDAYS, weekdayName } from './words.ts';

type WhenProps = { form: FormState<Values>; options: Options };

const TYPING_MS = 300;
/** Dates of a series that are shown before one asks for all. */
const FIRST_DATES = 5;

/** Day, time and zone of a booking, and how it repeats. */
export function WhenFields({ form, options }: WhenProps) {
  const { t } = useLingui();
  const { from, to, zone } = form.values;
  const overnight = from && to && minutesBetween(from, to) !== null && to < from;
  const most = formatMinutes(options.limits.most_minutes);
  const hint = t`Höchstens ${most}.`;
  return (
    <>
      <div className="fa-fields fa-fields--when">
        <TextField label={t`Tag`} type="date" {...form.field('day')} />
        <TextField label={t`Beginn`} type="time" {...form.field('from')} />
        <TextField label={t`Ende`} type="time" {...form.field('to')} />
      </div>
      <p className="fa-muted fa-small">
        {overnight ? <Trans>Die Besprechung endet am nächsten Tag.</Trans> : hint}
        {zone !== ownZone() && (
          <>
            {' '}
            <Trans>
              Die Zeiten gelten nach der Uhr von {zone}; Ihr Gerät geht nach {ownZone()}.
            </Trans>
          </>
        )}
      </p>
      <RepeatFields form={form} options={options} />
      <Dates values={form.values} />
    </>
  );
}

function RepeatFields({ form }: WhenProps) {
  const { t } = useLingui();
  const { day, repeat, end } = form.values;
  const weekday = weekdayOf(day);
  const name = weekday ? weekdayName(weekday) : '';
  const nth = weekOfMonth(day);
  const date = Number(day.slice(8, 10));
  const units: Record<Exclude<Repeat, 'no'>, string> = {
    day: t`Alle wie viele Tage?`,
    week: t`Alle wie viele Wochen?`,
    month_day: t`Alle wie viele Monate?`,
    month_weekday: t`Alle wie viele Monate?`,
  };
  const monthly =
    [
      t`monatlich am ersten ${name}`,
      t`monatlich am zweiten ${name}`,
      t`monatlich am dritten ${name}`,
      t`monatlich am vierten ${name}`,
    ][nth - 1] ?? t`monatlich am letzten ${name}`;
  return (
    <>
      <Select
        label={t`Wiederholung`}
        options={[
          { value: 'no', label: t`findet einmal statt` },
          { value: 'day', label: t`täglich` },
          { value: 'week', label: t`wöchentlich` },
          { value: 'month_day', label: t`monatlich am ${date}.` },
          { value: 'month_weekday', label: monthly },
        ]}
        {...form.field('repeat')}
      />
      {repeat === 'week' && (
        <div className="fa-weekdays">
          <CheckboxGroup
            legend={t`An diesen Wochentagen`}
            name="weekdays"
            error={form.errors.weekdays}
            hint={t`Der Wochentag des ersten Termins gehört immer dazu.`}
            options={WEEKDAYS.map((value) => ({ value, label: weekdayName(value) }))}
            values={onDays(form.values)}
            onChange={(values) => form.set('weekdays', values)}
          />
        </div>
      )}
      {repeat !== 'no' && (
        <>
          <TextField label={units[repeat]} inputMode="numeric" {...form.field('interval')} />
          <RadioGroup
            legend={t`Wann endet die Serie?`}
            options={[
              { value: 'count', label: t`nach einer Anzahl von Terminen` },
              { value: 'day', label: t`an einem Tag` },
            ]}
            {...form.field('end')}
          />
          {end === 'count' ? (
            <TextField label={t`Wie viele Termine?`} inputMode="numeric" {...form.field('count')} />
          ) : (
            <TextField label={t`Letzter möglicher Tag`} type="date" {...form.field('until')} />
          )}
        </>
      )}
    </>
  );
}

/** The dates that the series would have, as the server works them out. */
function Dates({ values }: { values: Values }) {
  const { t } = useLingui();
  const [all, setAll] = useState(false);
  const booking = JSON.stringify(bookingOf(values));
  const [asked, setAsked] = useState(booking);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(booking), TYPING_MS);
    return () => clearTimeout(timer);
  }, [booking]);
  const preview = useQuery(previewQuery(JSON.parse(asked)));
  // What is wrong with a field is said beside it when the form is sent.
  if (preview.error && isProblem(preview.error)) return null;
  if (!preview.data) return null;
  const { starts, moved, complete } = preview.data;
  const shown = all ? starts : starts.slice(0, FIRST_DATES);
  const left = starts.length - shown.length;
  const listed = moved.map(wallText).join('; ');
  // The first date must be one; later ones of a series come an hour later.
  const refused = starts[0] !== undefined && moved.includes(starts[0]);
  const missing = moved.length > 0 && (
    <Alert tone="warning" live="polite" title={<Trans>Diese Uhrzeit gibt es nicht</Trans>}>
      <p>
        {refused ? (
          <Trans>
            Die Uhr wird auf Sommerzeit gestellt und überspringt sie: {listed}. Wählen Sie eine
            andere Zeit.
          </Trans>
        ) : (
          <Trans>
            Die Uhr wird auf Sommerzeit gestellt und überspringt sie: {listed}. Dann beginnt die
            Besprechung eine Stunde später.
          </Trans>
        )}
      </p>
    </Alert>
  );
  if (values.repeat === 'no') return missing;
  return (
    <section className="fa-dates" aria-label={t`Termine dieser Serie`}>
      <p className="fa-dates__title" role="status">
        <Plural value={starts.length} one="Ein Termin" other="# Termine" />
      </p>
      <ul>
        {shown.map((start) => (
          <li key={start}>{wallText(start)}</li>
        ))}
      </ul>
      {left > 0 && (
        <Button small variant="tertiary" onPress={() => setAll(true)}>
          <Plural value={left} one="noch einen zeigen" other="noch # zeigen" />
        </Button>
      )}
      {!complete && (
        <Alert tone="warning" title={<Trans>Die Serie ist zu lang</Trans>}>
          <p>
            <Trans>
              So viele Termine lassen sich nicht auf einmal buchen. Lassen Sie sie eher enden.
            </Trans>
          </p>
        </Alert>
      )}
      {missing}
    </section>
  );
}
