import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { Toolbar } from 'react-aria-components';
import Squire from 'squire-rte';
import { Button, IconButton } from '../../../../../ui/button.tsx';
import { Dialog } from '../../../../../ui/dialog.tsx';
import { TextField } from '../../../../../ui/fields.tsx';
import { icons } from '../../../../../ui/icon.tsx';
import { policy } from '../../html/trusted.ts';
import { cleaned } from './clean.ts';
import { isFormatted, textOf } from './convert.ts';
import './rich-text.css';

/** What it takes back at most. */
const MAX_UNDONE = 100;
const MAX_ADDRESS_CHARS = 2_000;

/** Writes back what it read from itself by the one way that the page's policy allows. */
class Editor extends Squire {
  override _setRawHTML(html: string) {
    return super._setRawHTML((policy ? policy.createHTML(html) : html) as string);
  }
}

type Format = 'b' | 'i' | 'ul' | 'ol' | 'blockquote' | 'a';
const FORMATS: readonly Format[] = ['b', 'i', 'ul', 'ol', 'blockquote', 'a'];

export type RichTextProps = {
  /** What it begins with; from then on it is its own. */
  html: string;
  label: string;
  autoFocus: boolean;
  onChange: (html: string, text: string, formatted: boolean) => void;
};

/** A text with bold and italic words, lists, quotes and links. */
export function RichText({ html, label, autoFocus, onChange }: RichTextProps) {
  const { t } = useLingui();
  const root = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor | null>(null);
  const [active, setActive] = useState<ReadonlySet<Format>>(new Set());
  const [linking, setLinking] = useState(false);
  const changed = useRef(onChange);
  changed.current = onChange;
  // What it begins with is drawn once.
  const [first] = useState({ html, autoFocus });

  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const made = new Editor(element, {
      sanitizeToDOMFragment: cleaned,
      undo: { documentSizeThreshold: -1, undoLimit: MAX_UNDONE },
      didError: () => undefined,
    });
    // The tab key leaves the field, as it leaves any other.
    made.setKeyHandler('Tab', null).setKeyHandler('Shift-Tab', null);
    made.setHTML(first.html);
    made.moveCursorToStart();
    if (first.autoFocus) made.focus();
    const look = () => {
      setActive(new Set(FORMATS.filter((format) => made.hasFormat(format.toUpperCase()))));
    };
    made.addEventListener('input', () => {
      changed.current(made.getHTML(), textOf(element), isFormatted(element));
      look();
    });
    made.addEventListener('pathChange', look);
    made.addEventListener('select', look);
    setEditor(made);
    return () => made.destroy();
  }, [first]);

  const act = (work: (editor: Editor) => unknown) => {
    if (!editor) return;
    editor.focus();
    work(editor);
  };
  const tool = (format: Format, name: string, icon: string, on: () => void, off: () => void) => (
    <IconButton
      label={name}
      icon={icon}
      aria-pressed={active.has(format)}
      onPress={() => (active.has(format) ? off() : on())}
    />
  );
  return (
    <>
      <Toolbar aria-label={t`Formatieren`} className="fa-rich__tools">
        {tool(
          'b',
          t`Fett`,
          icons.iconFormatBold,
          () => act((one) => one.bold()),
          () => act((one) => one.removeBold()),
        )}
        {tool(
          'i',
          t`Kursiv`,
          icons.iconFormatItalic,
          () => act((one) => one.italic()),
          () => act((one) => one.removeItalic()),
        )}
        {tool(
          'ul',
          t`Aufzählung`,
          icons.iconFormatListBulleted,
          () => act((one) => one.makeUnorderedList()),
          () => act((one) => one.removeList()),
        )}
        {tool(
          'ol',
          t`Nummerierte Liste`,
          icons.iconFormatListNumbered,
          () => act((one) => one.makeOrderedList()),
          () => act((one) => one.removeList()),
        )}
        {tool(
          'blockquote',
          t`Zitat`,
          icons.iconFormatQuote,
          () => act((one) => one.increaseQuoteLevel()),
          () => act((one) => one.decreaseQuoteLevel()),
        )}
        {tool(
          'a',
          t`Link`,
          icons.iconLink,
          () => setLinking(true),
          () => act((one) => one.removeLink()),
        )}
        <IconButton
          label={t`Formatierung entfernen`}
          icon={icons.iconFormatClear}
          onPress={() => act((one) => one.removeAllFormatting())}
        />
      </Toolbar>
      {/* biome-ignore lint/a11y/useSemanticElements: no field of the browser's takes formatted text */}
      <div
        ref={root}
        className="fa-write__text fa-rich__text"
        role="textbox"
        aria-multiline="true"
        aria-label={label}
        tabIndex={0}
      />
      {linking && (
        <LinkDialog
          onClose={() => setLinking(false)}
          onLink={(address) => {
            setLinking(false);
            act((one) => one.makeLink(address, { rel: 'noopener noreferrer' }));
          }}
        />
      )}
    </>
  );
}

type LinkDialogProps = { onClose: () => void; onLink: (address: string) => void };

function LinkDialog({ onClose, onLink }: LinkDialogProps) {
  const { t } = useLingui();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const done = () => {
    const address = addressOf(text);
    if (address) onLink(address);
    else setWrong(true);
  };
  return (
    <Dialog
      title={t`Link einfügen`}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{t`Abbrechen`}</Button>
          <Button variant="primary" onPress={done}>
            <Trans>Einfügen</Trans>
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          done();
        }}
      >
        <TextField
          name="mail-link"
          label={t`Wohin führt der Link?`}
          hint={t`Eine Adresse im Netz oder eine E-Mail-Adresse`}
          value={text}
          maxLength={MAX_ADDRESS_CHARS}
          autoFocus
          autoComplete="off"
          spellCheck={false}
          error={wrong ? t`Das ist keine Adresse.` : undefined}
          onChange={(value) => {
            setWrong(false);
            setText(value);
          }}
        />
      </form>
    </Dialog>
  );
}

/** What was typed as an address that may be linked; null where it is none. */
function addressOf(text: string): string | null {
  const typed = text.trim();
  if (/^[^\s@/:]+@[^\s@/]+\.[^\s@/]+$/.test(typed)) return `mailto:${typed}`;
  const whole = /^[a-z][a-z\d+.-]*:/i.test(typed) ? typed : `https://${typed}`;
  if (!URL.canParse(whole)) return null;
  const { protocol, hostname, href } = new URL(whole);
  const web = (protocol === 'https:' || protocol === 'http:') && hostname.includes('.');
  return web || protocol === 'mailto:' ? href : null;
}
