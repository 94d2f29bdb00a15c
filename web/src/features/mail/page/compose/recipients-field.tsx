import { Trans, useLingui } from '@lingui/react/macro';
import { type ClipboardEvent, type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import { fieldId } from '../../../../ui/fields.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import type { Address } from '../../model.ts';
import { fullName, isAddress, joined, outside, parseAddresses, shortName } from '../addresses.ts';

type RecipientsFieldProps = {
  label: string;
  name: string;
  values: readonly Address[];
  onChange: (values: Address[]) => void;
  /** The own address: whoever lies outside its house is marked. */
  from: string;
  error?: string | undefined;
  autoFocus?: boolean;
  /** Stands at the end of the line. */
  end?: ReactNode;
};

/** To whom it goes: each recipient a token; several can be pasted at once. */
export function RecipientsField(props: RecipientsFieldProps) {
  const { label, name, values, onChange, from, error, autoFocus, end } = props;
  const { t } = useLingui();
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const id = fieldId(name);
  const bad = values.filter(({ email }) => !isAddress(email));
  const away = new Set(outside(values, from));
  const fault =
    error ?? (bad.length > 0 ? t`Keine E-Mail-Adresse: ${bad.map(shortName).join(', ')}` : '');

  const take = (typed: string) => {
    const found = parseAddresses(typed);
    if (found.length > 0) onChange(joined(values, found));
    setText('');
  };
  const drop = (gone: Address) => {
    onChange(values.filter((one) => one !== gone));
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = values.at(-1);
    if (event.key === 'Backspace' && text === '' && last) {
      event.preventDefault();
      // What is wrong is mended; what is right is taken away whole.
      onChange(values.slice(0, -1));
      if (!isAddress(last.email)) setText(fullName(last));
    }
    if (event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
    const ends = event.key === 'Enter' || event.key === ';' || event.key === ',';
    // A comma may stand within a name in quotes.
    const quoted = (text.match(/"/g)?.length ?? 0) % 2 === 1;
    if (ends && !quoted && (text.trim() || event.key !== 'Enter')) {
      event.preventDefault();
      take(text);
    }
  };
  const onPaste = (event: ClipboardEvent) => {
    const pasted = event.clipboardData.getData('text/plain');
    if (!/[,;\n]/.test(pasted) && !isAddress(pasted.trim())) return;
    event.preventDefault();
    take(`${text}${pasted}`);
  };
  return (
    <div className={`fa-recipients ${fault ? 'fa-recipients--error' : ''}`}>
      <label htmlFor={id}>{label}</label>
      <div className="fa-recipients__box">
        {values.length > 0 && (
          <ul aria-label={t`Gewählt: ${label}`}>
            {values.map((one) => (
              <li
                key={one.email}
                title={fullName(one)}
                className={`fa-recipients__one ${isAddress(one.email) ? '' : 'fa-recipients__one--bad'} ${away.has(one) ? 'fa-recipients__one--away' : ''}`}
              >
                {!isAddress(one.email) ? (
                  <Icon of={icons.iconError} size="small" label={t`keine Adresse`} />
                ) : (
                  away.has(one) && (
                    <Icon of={icons.iconPublic} size="small" label={t`außerhalb des Hauses`} />
                  )
                )}
                <span>{shortName(one)}</span>
                <button
                  type="button"
                  aria-label={t`„${shortName(one)}“ entfernen`}
                  onClick={() => drop(one)}
                >
                  <Icon of={icons.iconClose} size="small" />
                </button>
              </li>
            ))}
          </ul>
        )}
        <input
          id={id}
          ref={input}
          type="text"
          inputMode="email"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          // biome-ignore lint/a11y/noAutofocus: whoever opens the form begins here
          autoFocus={autoFocus}
          value={text}
          aria-invalid={fault ? true : undefined}
          aria-describedby={fault ? `${id}-error` : undefined}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onBlur={() => take(text)}
        />
      </div>
      {end}
      {fault && (
        <p className="fa-recipients__fault kern-error" id={`${id}-error`} role="alert">
          <Icon of={icons.iconError} size="small" />
          <span>{fault}</span>
        </p>
      )}
    </div>
  );
}

/** Says which of the recipients lie outside the house. */
export function OutsideHint({ recipients }: { recipients: readonly Address[] }) {
  const domains = [...new Set(recipients.map(({ email }) => email.replace(/^.*@/, '')))].join(', ');
  return (
    <div role="status">
      {recipients.length > 0 && (
        <p className="fa-write__outside">
          <Icon of={icons.iconPublic} size="small" />
          <span>
            <Trans>Diese Nachricht verlässt das Haus: {domains}</Trans>
          </span>
        </p>
      )}
    </div>
  );
}
