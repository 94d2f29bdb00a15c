import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, type Ref, useId, useState } from 'react';
import {
  TextField as AriaTextField,
  FieldError,
  Input,
  type InputProps,
  Label,
  Text,
  TextArea,
} from 'react-aria-components';
import { IconButton } from './button.tsx';
import { Icon } from './icon.tsx';
import * as icons from './icons/index.ts';

export type FieldProps = {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** The form's name for the field; the error summary links to it. */
  name: string;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
  isDisabled?: boolean;
  isReadOnly?: boolean;
  autoFocus?: boolean;
  autoComplete?: string;
  type?: 'text' | 'email' | 'url' | 'search' | 'number' | 'datetime-local' | 'date' | 'time';
  inputMode?: NonNullable<InputProps['inputMode']>;
  maxLength?: number;
  /** The most characters that are taken; more can be typed, so that nothing pasted is cut unseen. */
  limit?: number;
  placeholder?: string;
  spellCheck?: boolean;
  inputRef?: Ref<HTMLInputElement>;
};

/** The id of a named field's input: what an error summary links to. */
export const fieldId = (name: string) => `feld-${name}`;

function FieldLabel({ label, optional }: { label: string; optional: boolean | undefined }) {
  return (
    <Label className="kern-label">
      {label}{' '}
      {optional && (
        <span className="kern-label__optional">
          <Trans>(freiwillig)</Trans>
        </span>
      )}
    </Label>
  );
}

function ErrorLine({ error }: { error: string | undefined }) {
  return (
    <FieldError className="kern-error">
      {error && (
        <>
          <Icon of={icons.iconError} size="small" />
          <span>{error}</span>
        </>
      )}
    </FieldError>
  );
}

type ShellProps = Omit<FieldProps, 'type' | 'inputMode' | 'placeholder' | 'inputRef'> & {
  className?: string;
  type?: string;
  children: ReactNode;
};

function FieldShell(props: ShellProps) {
  const { label, value, onChange, name, hint, error, optional, className = '', children } = props;
  return (
    <AriaTextField
      className={`fa-field kern-form-input ${error ? 'kern-form-input--error' : ''} ${className}`}
      id={fieldId(name)}
      name={name}
      value={value}
      onChange={onChange}
      isInvalid={Boolean(error)}
      isRequired={!optional}
      isDisabled={props.isDisabled ?? false}
      isReadOnly={props.isReadOnly ?? false}
      validationBehavior="aria"
      {...(props.autoFocus && { autoFocus: true })}
      {...(props.autoComplete && { autoComplete: props.autoComplete })}
      {...(props.maxLength && { maxLength: props.maxLength })}
      {...(props.type && { type: props.type })}
      {...(props.spellCheck !== undefined && { spellCheck: props.spellCheck ? 'true' : 'false' })}
    >
      <FieldLabel label={label} optional={optional} />
      {hint && (
        <Text slot="description" className="kern-hint">
          {hint}
        </Text>
      )}
      {children}
      {props.limit !== undefined && <Counter value={value} limit={props.limit} />}
      <ErrorLine error={error} />
    </AriaTextField>
  );
}

/** Characters as the server counts them. */
export const charsOf = (value: string): number => [...value].length;

/** From this part of a limit on, one wants to know what is left. */
const NEAR = 0.8;
/** Readers hear it in steps, not with every key. */
const HEARD_CHARS = 10;

/** What is left of a limit, once it is near. */
function Counter({ value, limit }: { value: string; limit: number }) {
  const chars = charsOf(value.trim());
  const near = chars >= limit * NEAR;
  const left = limit - chars;
  const heard = left > 0 ? Math.ceil(left / HEARD_CHARS) * HEARD_CHARS : left;
  const words = (count: number) =>
    count >= 0 ? (
      <Plural value={count} one="Noch ein Zeichen frei" other="Noch # Zeichen frei" />
    ) : (
      <Plural value={-count} one="Ein Zeichen zu viel" other="# Zeichen zu viel" />
    );
  return (
    <>
      {near && (
        <p className={`fa-counter ${left < 0 ? 'fa-counter--over' : ''}`} aria-hidden="true">
          {words(left)}
        </p>
      )}
      <span className="kern-sr-only" role="status">
        {near && words(heard)}
      </span>
    </>
  );
}

const inputClass = (error: string | undefined) =>
  `kern-form-input__input ${error ? 'kern-form-input__input--error' : ''}`;

/** One line of text with its label, hint and error. */
export function TextField({
  inputMode,
  placeholder,
  inputRef,
  type = 'text',
  ...field
}: FieldProps) {
  return (
    <FieldShell {...field} type={type}>
      <Input
        className={inputClass(field.error)}
        {...(inputRef && { ref: inputRef })}
        {...(inputMode && { inputMode })}
        {...(placeholder && { placeholder })}
      />
    </FieldShell>
  );
}

/** Several lines of text. */
export function TextAreaField({
  rows = 5,
  mono = false,
  ...field
}: Omit<FieldProps, 'type' | 'inputMode' | 'inputRef' | 'placeholder'> & {
  rows?: number;
  mono?: boolean;
}) {
  return (
    <FieldShell {...field}>
      <TextArea rows={rows} className={`${inputClass(field.error)} ${mono ? 'fa-mono' : ''}`} />
    </FieldShell>
  );
}

/** A password that can be looked at while it is typed; `looks` names the button where it is not called a password. */
export function PasswordField({
  inputRef,
  looks,
  ...field
}: Omit<FieldProps, 'type' | 'inputMode'> & { looks?: { show: string; hide: string } }) {
  const { t } = useLingui();
  const { show, hide } = looks ?? { show: t`Passwort anzeigen`, hide: t`Passwort verbergen` };
  const [visible, setVisible] = useState(false);
  return (
    <FieldShell {...field} type={visible ? 'text' : 'password'} spellCheck={false}>
      <div className="fa-field__control fa-field__control--trailing">
        <Input
          className={inputClass(field.error)}
          autoCapitalize="off"
          {...(inputRef && { ref: inputRef })}
        />
        <div className="fa-field__trailing">
          <IconButton
            label={visible ? hide : show}
            icon={visible ? icons.iconVisibilityOff : icons.iconVisibility}
            onPress={() => setVisible(!visible)}
          />
        </div>
      </div>
    </FieldShell>
  );
}

/** A one-time code: one field, digits, filled in by the phone where it can. */
export function CodeField({ inputRef, ...field }: Omit<FieldProps, 'type' | 'inputMode'>) {
  return (
    <FieldShell
      {...field}
      className="fa-code"
      autoComplete="one-time-code"
      spellCheck={false}
      onChange={(value) => field.onChange(value.replace(/\s/g, ''))}
    >
      <Input
        className={inputClass(field.error)}
        inputMode="numeric"
        {...(inputRef && { ref: inputRef })}
      />
    </FieldShell>
  );
}

type SearchFieldProps = {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  /** Hides the label from the eye where the place makes it plain. */
  labelHidden?: boolean;
  onSubmit?: () => void;
  inputRef?: Ref<HTMLInputElement>;
};

/** A search that filters while one types; Escape empties it. */
export function SearchField({
  label,
  value,
  onChange,
  placeholder,
  labelHidden = false,
  onSubmit,
  inputRef,
}: SearchFieldProps) {
  const { t } = useLingui();
  const id = useId();
  return (
    <search className="fa-field">
      <label htmlFor={id} className={labelHidden ? 'kern-sr-only' : 'kern-label'}>
        {label}
      </label>
      <div className="fa-field__control fa-field__control--search fa-field__control--trailing">
        <Icon of={icons.iconSearch} />
        <input
          id={id}
          ref={inputRef}
          type="search"
          className="kern-form-input__input"
          value={value}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && value) {
              event.preventDefault();
              // Around it may lie a dialog, which would close.
              event.stopPropagation();
              onChange('');
            }
            if (event.key === 'Enter') onSubmit?.();
          }}
        />
        {value && (
          <div className="fa-field__trailing">
            <IconButton
              label={t`Suche leeren`}
              icon={icons.iconClose}
              onPress={() => onChange('')}
            />
          </div>
        )}
      </div>
    </search>
  );
}
