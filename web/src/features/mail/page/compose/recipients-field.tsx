import { Trans, useLingui } from '@lingui/react/macro';
import {
  type ClipboardEvent,
  type KeyboardEvent,
  type ReactNode,
  use,
  useEffect,
  useRef,
  useState,
} from 'react';
import {
  ButtonContext,
  ComboBox,
  ComboBoxStateContext,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
} from 'react-aria-components';
import { fieldId } from '../../../../ui/fields.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import type { Address, Mail } from '../../model.ts';
import { fullName, isAddress, joined, outside, parseAddresses, shortName } from '../addresses.ts';
import { isolated } from '../bidi.ts';
import { useMailPage } from '../context.ts';
import { type House, undelivered } from './checks.ts';
import '../../../../ui/styles/picker.css';

const MAX_OFFERED = 8;
/** Whoever types is not looked for with every key. */
const TYPING_MS = 120;
/** More of those that are wrong are counted only. */
const MAX_NAMED = 5;

type RecipientsFieldProps = {
  label: string;
  name: string;
  values: readonly Address[];
  onChange: (values: Address[]) => void;
  /** As whom one writes: whoever lies outside that house is marked. */
  house: House;
  error?: string | undefined;
  autoFocus?: boolean;
  /** Stands at the end of the line. */
  end?: ReactNode;
};

/** To whom it goes: each recipient a token; people are suggested while one types, and several can be pasted at once. */
export function RecipientsField(props: RecipientsFieldProps) {
  const { label, name, values, onChange, house, error, autoFocus = false, end } = props;
  const { mail } = useMailPage();
  const { t } = useLingui();
  const [text, setText] = useState('');
  const offers = useOffers(mail, text, values);
  const input = useRef<HTMLInputElement>(null);
  const id = fieldId(name);
  const away = new Set(outside(values, house.from));
  const fault = error || wrong();

  const take = (typed: string) => {
    const found = parseAddresses(typed);
    if (found.length > 0) onChange(joined(values, found));
    setText('');
  };
  const pick = (email: string) => {
    const found = offers.find((one) => one.email === email);
    if (found) onChange(joined(values, [{ name: found.name, email }]));
    setText('');
  };
  const drop = (gone: Address) => {
    onChange(values.filter((one) => one !== gone));
    input.current?.focus();
  };
  // Before the list hears of it: what is typed goes ahead of what is suggested, unless one of those is chosen.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== input.current) return;
    const last = values.at(-1);
    if (event.key === 'Backspace' && text === '' && last) {
      event.preventDefault();
      // What is wrong is mended; what is right is taken away whole.
      onChange(values.slice(0, -1));
      if (!isAddress(last.email)) setText(fullName(last));
    }
    if (event.ctrlKey || event.metaKey || event.nativeEvent.isComposing) return;
    if (input.current?.getAttribute('aria-activedescendant')) return;
    const ends = event.key === 'Enter' || event.key === ';' || event.key === ',';
    // A comma may stand within a name in quotes.
    const quoted = (text.match(/"/g)?.length ?? 0) % 2 === 1;
    if (ends && !quoted && (text.trim() || event.key !== 'Enter')) {
      event.preventDefault();
      event.stopPropagation();
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
    <ComboBox
      className={`fa-recipients ${fault ? 'fa-recipients--error' : ''}`}
      id={id}
      items={offers}
      inputValue={text}
      value={null}
      onInputChange={setText}
      onChange={(key) => {
        if (key !== null) pick(String(key));
      }}
      onBlur={() => take(text)}
      autoFocus={autoFocus}
      menuTrigger="input"
      allowsCustomValue
      isInvalid={Boolean(fault)}
      validationBehavior="aria"
    >
      <Label>{label}</Label>
      <div className="fa-recipients__box" onKeyDownCapture={onKeyDown}>
        {values.length > 0 && (
          <ul aria-label={t`Gewählt: ${label}`}>
            {values.map((one) => (
              <Token
                key={one.email}
                address={one}
                away={away.has(one)}
                leaves={house.leaves}
                onDrop={() => drop(one)}
              />
            ))}
          </ul>
        )}
        <Input
          ref={input}
          type="text"
          inputMode="email"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-describedby={fault ? `${id}-error` : undefined}
          onPaste={onPaste}
        />
      </div>
      {/* Else the list of people would take it for the button that opens it. */}
      <ButtonContext value={null}>{end}</ButtonContext>
      {fault && (
        <p className="fa-recipients__fault kern-error" id={`${id}-error`} role="alert">
          <Icon of={icons.iconError} size="small" />
          <span>{fault}</span>
        </p>
      )}
      <Popover className="fa-popover fa-picker fa-recipients__offers kern-level-2">
        <ListBox<Offer> className="fa-menu">
          {(offer) => (
            <ListBoxItem
              className="fa-menu__item fa-picker__item"
              id={offer.email}
              textValue={fullName(offer)}
            >
              <bdi>{shortName(offer)}</bdi>
              {offer.name && <span className="fa-muted fa-small">{offer.email}</span>}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
      <OpenedBy found={offers.map(({ id: one }) => one).join(' ')} />
    </ComboBox>
  );

  function wrong(): string {
    const bad = values.filter(({ email }) => !isAddress(email));
    if (bad.length > 0) return t`Keine E-Mail-Adresse: ${named(bad)}`;
    const lost = undelivered(values, house);
    return lost.length > 0
      ? t`Wird nicht zugestellt: ${named(lost)}. Die Post reicht hier noch nicht nach außen.`
      : '';
  }

  function named(list: readonly Address[]): string {
    const more = list.length - MAX_NAMED;
    const names = list.slice(0, MAX_NAMED).map((one) => isolated(one.email));
    return names.join(', ') + (more > 0 ? ` +${more}` : '');
  }
}

/** The list opens with who is found, a little after what is typed, and closes with the last of them: it does not itself. */
function OpenedBy({ found }: { found: string }) {
  const state = use(ComboBoxStateContext);
  const latest = useRef(state);
  latest.current = state;
  useEffect(() => {
    if (!found) latest.current?.setOpen(false);
    else if (latest.current?.isFocused) latest.current.open(null, 'input');
  }, [found]);
  return null;
}

type TokenProps = { address: Address; away: boolean; leaves: boolean; onDrop: () => void };

function Token({ address, away, leaves, onDrop }: TokenProps) {
  const { t } = useLingui();
  const bad = !isAddress(address.email) || (away && !leaves);
  const label = !isAddress(address.email)
    ? t`keine Adresse`
    : leaves
      ? t`außerhalb des Hauses`
      : t`wird nicht zugestellt`;
  const look = bad ? 'fa-recipients__one--bad' : away ? 'fa-recipients__one--away' : '';
  return (
    <li title={fullName(address)} className={`fa-recipients__one ${look}`}>
      {(bad || away) && (
        <Icon of={bad ? icons.iconError : icons.iconPublic} size="small" label={label} />
      )}
      <bdi>{shortName(address)}</bdi>
      <button
        type="button"
        aria-label={t`„${isolated(shortName(address))}“ entfernen`}
        onClick={onDrop}
      >
        <Icon of={icons.iconClose} size="small" />
      </button>
    </li>
  );
}

type Offer = Address & { id: string };

/** People who fit what is typed and are not there yet. */
function useOffers(mail: Mail, text: string, values: readonly Address[]): Offer[] {
  const [found, setFound] = useState<readonly Address[]>([]);
  const words = text.trim();
  useEffect(() => {
    if (!words) return undefined;
    let over = false;
    const timer = setTimeout(() => {
      mail.people(words, MAX_OFFERED * 2).then(
        (people) => !over && setFound(people),
        () => undefined,
      );
    }, TYPING_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [mail, words]);
  if (!words) return [];
  const chosen = new Set(values.map(({ email }) => email.toLowerCase()));
  return found
    .filter(({ email }) => !chosen.has(email.toLowerCase()))
    .slice(0, MAX_OFFERED)
    .map((one) => ({ ...one, id: one.email }));
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
