import { Trans, useLingui } from '@lingui/react/macro';
import type { Schema } from '../../../api/client.ts';
import { Button } from '../../../ui/button.tsx';
import { fieldId, TextField } from '../../../ui/fields.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { weekdayName } from '../words.ts';

type Window = Schema<'TimeWindow'>;

/** The server takes no more. */
const MAX_WINDOWS = 32;
const DAYS = [1, 2, 3, 4, 5, 6, 7] as const;
const OFFICE: Window = { weekdays: [1, 2, 3, 4, 5], from: '06:00', to: '20:00' };

type TimeWindowsProps = {
  windows: readonly Window[];
  error: string | undefined;
  onChange: (windows: Window[]) => void;
};

/** Times of the week; none means always. */
export function TimeWindows({ windows, error, onChange }: TimeWindowsProps) {
  const { t } = useLingui();
  const replace = (index: number, window: Window) => onChange(windows.with(index, window));
  return (
    <fieldset className="fa-stack fa-stack--tight" id={fieldId('times')} tabIndex={-1}>
      <legend className="fa-legend">
        <Trans>Wann?</Trans>
      </legend>
      <div className="fa-stack">
        {windows.length === 0 ? (
          <p className="fa-muted">
            <Trans>Jederzeit.</Trans>
          </p>
        ) : (
          <ul className="fa-times">
            {windows.map((window, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: windows have no name of their own
              <li key={index}>
                <OneWindow
                  number={index + 1}
                  window={window}
                  onChange={(next) => replace(index, next)}
                  onRemove={() => onChange(windows.toSpliced(index, 1))}
                />
              </li>
            ))}
          </ul>
        )}
        {error && (
          <p className="kern-error">
            <Icon of={icons.iconError} size="small" />
            <span>{error}</span>
          </p>
        )}
        <div className="fa-row">
          <Button
            small
            icon={icons.iconSchedule}
            isDisabled={windows.length >= MAX_WINDOWS}
            onPress={() => onChange([...windows, OFFICE])}
          >
            {windows.length === 0 ? t`Auf Zeiten beschränken` : t`Weitere Zeit`}
          </Button>
        </div>
      </div>
    </fieldset>
  );
}

type OneWindowProps = {
  number: number;
  window: Window;
  onChange: (window: Window) => void;
  onRemove: () => void;
};

function OneWindow({ number, window, onChange, onRemove }: OneWindowProps) {
  const { t } = useLingui();
  const toggle = (day: number, on: boolean) =>
    onChange({
      ...window,
      weekdays: on
        ? [...window.weekdays, day].sort((a, b) => a - b)
        : window.weekdays.filter((other) => other !== day),
    });
  return (
    <div className="fa-time">
      <fieldset>
        <legend>
          <Trans>Zeit {number}: an diesen Tagen</Trans>
        </legend>
        <div className="fa-days">
          {DAYS.map((day) => (
            <label key={day} className="fa-day">
              <input
                type="checkbox"
                aria-label={weekdayName(day)}
                checked={window.weekdays.includes(day)}
                onChange={(event) => toggle(day, event.target.checked)}
              />
              <span aria-hidden="true">{weekdayName(day).slice(0, 2)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <div className="fa-time__clock">
        <TextField
          label={t`von`}
          type="time"
          name={`times-${number}-from`}
          value={window.from}
          onChange={(from) => onChange({ ...window, from })}
        />
        <TextField
          label={t`bis`}
          type="time"
          name={`times-${number}-to`}
          value={window.to === '24:00' ? '00:00' : window.to}
          // The clock of the browser has no 24:00; midnight as an end can only mean that.
          onChange={(to) => onChange({ ...window, to: to === '00:00' ? '24:00' : to })}
        />
        <Button
          small
          variant="tertiary"
          danger
          icon={icons.iconDelete}
          aria-label={t`Zeit ${number} entfernen`}
          onPress={onRemove}
        >
          <Trans>Entfernen</Trans>
        </Button>
      </div>
    </div>
  );
}
