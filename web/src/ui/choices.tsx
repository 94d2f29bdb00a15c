import { Trans } from '@lingui/react/macro';
import { type ReactNode, useId } from 'react';
import { fieldId } from './fields.tsx';
import { Icon } from './icon.tsx';
import * as icons from './icons/index.ts';

export type Option<Value extends string = string> = { value: Value; label: string; hint?: string };

function InlineError({ id, error }: { id: string; error: string | undefined }) {
  if (!error) return null;
  return (
    <p className="kern-error" id={id}>
      <Icon of={icons.iconError} size="small" />
      <span>{error}</span>
    </p>
  );
}

type SelectProps<Value extends string> = {
  label: string;
  name: string;
  value: Value;
  onChange: (value: Value) => void;
  options: readonly Option<Value>[];
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
  isDisabled?: boolean;
};

/** One of a few values: the browser's own list, which every phone and reader knows. */
export function Select<Value extends string>(props: SelectProps<Value>) {
  const { label, name, value, onChange, options, hint, error, optional, isDisabled } = props;
  const id = fieldId(name);
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : '']
    .filter(Boolean)
    .join(' ');
  return (
    <div className={`fa-field kern-form-input ${error ? 'kern-form-input--error' : ''}`}>
      <label className="kern-label" htmlFor={id}>
        {label}{' '}
        {optional && (
          <span className="kern-label__optional">
            <Trans>(freiwillig)</Trans>
          </span>
        )}
      </label>
      {hint && (
        <div className="kern-hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      <div className="kern-form-input__select-wrapper">
        <select
          id={id}
          name={name}
          className={`kern-form-input__select ${error ? 'kern-form-input__select--error' : ''}`}
          value={value}
          disabled={isDisabled}
          aria-invalid={error ? true : undefined}
          aria-describedby={described || undefined}
          onChange={(event) => onChange(event.target.value as Value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      </div>
      <InlineError id={`${id}-error`} error={error} />
    </div>
  );
}

type CheckboxProps = {
  label: ReactNode;
  name: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: ReactNode;
  error?: string | undefined;
  isDisabled?: boolean;
};

/** A yes or no. */
export function Checkbox({
  label,
  name,
  checked,
  onChange,
  hint,
  error,
  isDisabled,
}: CheckboxProps) {
  const id = fieldId(name);
  return (
    <div>
      <div className="fa-check">
        <input
          id={id}
          name={name}
          type="checkbox"
          className="kern-form-check__checkbox"
          checked={checked}
          disabled={isDisabled}
          aria-invalid={error ? true : undefined}
          aria-describedby={hint ? `${id}-hint` : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        <label className="kern-label" htmlFor={id}>
          {label}
        </label>
        {hint && (
          <div className="kern-hint" id={`${id}-hint`}>
            {hint}
          </div>
        )}
      </div>
      <InlineError id={`${id}-error`} error={error} />
    </div>
  );
}

type ChoiceGroupProps<Value extends string> = {
  legend: string;
  name: string;
  options: readonly Option<Value>[];
  hint?: ReactNode;
  error?: string | undefined;
};

function Group({
  legend,
  name,
  hint,
  error,
  children,
}: Omit<ChoiceGroupProps<string>, 'options'> & { children: ReactNode }) {
  const id = useId();
  return (
    <fieldset
      className={`fa-field kern-fieldset ${error ? 'kern-fieldset--error' : ''}`}
      id={fieldId(name)}
      tabIndex={-1}
      aria-describedby={hint ? `${id}-hint` : undefined}
    >
      <legend className="kern-label">{legend}</legend>
      {hint && (
        <div className="kern-hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      <div className="fa-stack fa-stack--tight">{children}</div>
      <InlineError id={`${id}-error`} error={error} />
    </fieldset>
  );
}

/** One of a few values, all in view. */
export function RadioGroup<Value extends string>(
  props: ChoiceGroupProps<Value> & { value: Value; onChange: (value: Value) => void },
) {
  const { legend, name, options, value, onChange, hint, error } = props;
  return (
    <Group legend={legend} name={name} hint={hint} error={error}>
      {options.map((option) => {
        const id = `${fieldId(name)}-${option.value}`;
        return (
          <div className="fa-check" key={option.value}>
            <input
              id={id}
              type="radio"
              name={name}
              className="kern-form-check__radio"
              checked={value === option.value}
              aria-describedby={option.hint ? `${id}-hint` : undefined}
              onChange={() => onChange(option.value)}
            />
            <label className="kern-label" htmlFor={id}>
              {option.label}
            </label>
            {option.hint && (
              <div className="kern-hint" id={`${id}-hint`}>
                {option.hint}
              </div>
            )}
          </div>
        );
      })}
    </Group>
  );
}

/** Any of a few values, all in view. */
export function CheckboxGroup<Value extends string>(
  props: ChoiceGroupProps<Value> & {
    values: readonly Value[];
    onChange: (values: Value[]) => void;
  },
) {
  const { legend, name, options, values, onChange, hint, error } = props;
  return (
    <Group legend={legend} name={name} hint={hint} error={error}>
      {options.map((option) => (
        <Checkbox
          key={option.value}
          name={`${name}-${option.value}`}
          label={option.label}
          hint={option.hint}
          checked={values.includes(option.value)}
          onChange={(checked) =>
            onChange(
              checked
                ? [...values, option.value]
                : values.filter((value) => value !== option.value),
            )
          }
        />
      ))}
    </Group>
  );
}
