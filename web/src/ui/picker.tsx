import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, use, useEffect, useState } from 'react';
import {
  Button as AriaButton,
  ComboBox,
  ComboBoxStateContext,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
} from 'react-aria-components';
import { fieldId } from './fields.tsx';
import { Icon } from './icon.tsx';
import * as icons from './icons/index.ts';
import './styles/picker.css';

export type Choice = { id: string; label: string; hint?: string };

/** More than this many matches are not drawn; typing narrows them down. */
const MAX_SHOWN = 40;

type PickerProps = {
  label: string;
  name: string;
  /** All there is to choose from; undefined while it is on its way. */
  choices: readonly Choice[] | undefined;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
  isDisabled?: boolean;
  placeholder?: string;
  /** Where the server searches: hears what is typed, and brings the matching choices. */
  onSearch?: (text: string) => void;
};

type PickOneProps = PickerProps & { value: string; onChange: (id: string) => void };

/** One entry of a long list, found by typing. An empty value is nothing chosen. */
export function PickOne({ value, onChange, ...props }: PickOneProps) {
  const chosen = props.choices?.find((choice) => choice.id === value);
  const [typed, setTyped] = useState<string>();
  const text = typed ?? chosen?.label ?? '';
  return (
    <Chooser
      {...props}
      text={text}
      // What is chosen stands in the field; it must not narrow the list down to itself.
      matching={matches(props.choices, typed ?? '')}
      value={value || null}
      onText={setTyped}
      onPick={(id) => {
        setTyped(undefined);
        onChange(id);
      }}
      onLeave={() => {
        if (typed === '') onChange('');
        setTyped(undefined);
      }}
    />
  );
}

type PickManyProps = PickerProps & {
  values: readonly string[];
  onChange: (ids: string[]) => void;
  /** Says what stands there while nothing is chosen. */
  none?: ReactNode;
};

/** Any number of entries of a long list: found by typing, shown below, removed one by one. */
export function PickMany({ values, onChange, none, ...props }: PickManyProps) {
  const { t } = useLingui();
  const [typed, setTyped] = useState('');
  const rest = props.choices?.filter((choice) => !values.includes(choice.id));
  const named = values.map(
    (id) => props.choices?.find((choice) => choice.id === id) ?? { id, label: '…' },
  );
  return (
    <div className="fa-stack fa-stack--tight">
      <Chooser
        {...props}
        text={typed}
        matching={matches(rest, typed)}
        value={null}
        onText={setTyped}
        onPick={(id) => {
          setTyped('');
          onChange([...values, id]);
        }}
        onLeave={() => setTyped('')}
      />
      {named.length === 0 && none && <p className="fa-muted fa-small">{none}</p>}
      {named.length > 0 && (
        <ul className="fa-chips" aria-label={t`Gewählt: ${props.label}`}>
          {named.map((choice) => (
            <li key={choice.id} className="fa-chip">
              <span>{choice.label}</span>
              {!props.isDisabled && (
                <button
                  type="button"
                  aria-label={t`„${choice.label}“ entfernen`}
                  onClick={() => onChange(values.filter((id) => id !== choice.id))}
                >
                  <Icon of={icons.iconClose} size="small" />
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function matches(choices: readonly Choice[] | undefined, typed: string): Choice[] {
  const words = typed.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return (choices ?? [])
    .filter(({ label, hint }) => {
      const text = `${label} ${hint ?? ''}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    })
    .slice(0, MAX_SHOWN);
}

type ChooserProps = PickerProps & {
  text: string;
  matching: Choice[];
  value: string | null;
  onText: (text: string) => void;
  onPick: (id: string) => void;
  onLeave: () => void;
};

function Chooser(props: ChooserProps) {
  const { label, name, choices, hint, error, optional, isDisabled, placeholder } = props;
  const { t } = useLingui();
  const [picked, setPicked] = useState(false);
  return (
    <ComboBox
      className={`fa-field kern-form-input ${error ? 'kern-form-input--error' : ''}`}
      id={fieldId(name)}
      items={props.matching}
      inputValue={props.text}
      value={props.value}
      onInputChange={(text) => {
        props.onText(text);
        props.onSearch?.(text);
      }}
      onChange={(key) => {
        if (key === null) return;
        props.onPick(String(key));
        setPicked(true);
      }}
      onBlur={props.onLeave}
      menuTrigger="focus"
      allowsEmptyCollection
      isInvalid={Boolean(error)}
      isDisabled={isDisabled ?? false}
      validationBehavior="aria"
    >
      <Label className="kern-label">
        {label}{' '}
        {optional && (
          <span className="kern-label__optional">
            <Trans>(freiwillig)</Trans>
          </span>
        )}
      </Label>
      {hint && (
        <Text slot="description" className="kern-hint">
          {hint}
        </Text>
      )}
      <div className="fa-field__control fa-field__control--trailing">
        <Input
          className={`kern-form-input__input ${error ? 'kern-form-input__input--error' : ''}`}
          placeholder={placeholder ?? t`Suchen und auswählen`}
          spellCheck={false}
        />
        <AriaButton className="kern-btn kern-btn--tertiary fa-btn--icon fa-field__trailing">
          <Icon of={icons.iconKeyboardArrowDown} />
        </AriaButton>
      </div>
      <FieldError className="kern-error">
        {error && (
          <>
            <Icon of={icons.iconError} size="small" />
            <span>{error}</span>
          </>
        )}
      </FieldError>
      <Popover className="fa-popover fa-picker kern-level-2">
        <ListBox<Choice>
          className="fa-menu"
          renderEmptyState={() => (
            <p className="fa-menu__header fa-muted">
              {choices === undefined ? (
                <Trans>Wird geladen …</Trans>
              ) : (
                <Trans>Nichts gefunden</Trans>
              )}
            </p>
          )}
        >
          {(choice) => (
            <ListBoxItem
              className="fa-menu__item fa-picker__item"
              id={choice.id}
              textValue={choice.label}
            >
              <span>{choice.label}</span>
              {choice.hint && <span className="fa-muted fa-small">{choice.hint}</span>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
      <ClosedOnce picked={picked} onClosed={() => setPicked(false)} />
    </ComboBox>
  );
}

/**
 * The combobox closes itself only where the choice becomes its value: not where it is added to a
 * list. Left open, it covers the field's hint and hides the page from assistive technology.
 */
function ClosedOnce({ picked, onClosed }: { picked: boolean; onClosed: () => void }) {
  const state = use(ComboBoxStateContext);
  useEffect(() => {
    if (!picked || !state) return;
    // Now that the field's text has followed the choice: closed before, that change would open
    // it again.
    state.setOpen(false);
    onClosed();
  }, [picked, state, onClosed]);
  return null;
}
