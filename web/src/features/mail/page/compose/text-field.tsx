import { Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useRef, useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { ConfirmDialog } from '../../../../ui/dialog.tsx';
import { Loading } from '../../../../ui/notice.tsx';
import type { Draft } from '../../model.ts';

const RichText = lazy(async () => ({ default: (await import('./rich/rich-text.tsx')).RichText }));

const MAX_TEXT_CHARS = 500_000;

type TextFieldProps = {
  draft: Draft;
  /** It is drawn anew with what it begins with, such as another signature. */
  version: number;
  autoFocus: boolean;
  onChange: (change: Pick<Draft, 'text' | 'html'>) => void;
};

/** What is said: as plain text, or formatted where the person wants that. */
export function MessageText({ draft, version, autoFocus, onChange }: TextFieldProps) {
  const { t } = useLingui();
  const label = t`Text der Nachricht`;
  if (draft.html !== null) {
    return (
      <Suspense fallback={<Loading />}>
        <RichText
          key={version}
          html={draft.html}
          label={label}
          autoFocus={autoFocus}
          onChange={(html, text) => onChange({ html, text })}
        />
      </Suspense>
    );
  }
  return (
    <textarea
      className="fa-write__text"
      aria-label={label}
      value={draft.text}
      maxLength={MAX_TEXT_CHARS}
      // Else the browser keeps what is typed on the disk, to put it back after a crash.
      autoComplete="off"
      // biome-ignore lint/a11y/noAutofocus: whoever answers begins with the text
      autoFocus={autoFocus}
      onChange={(event) => onChange({ text: event.target.value, html: null })}
      onFocus={(event) => {
        // Above the signature and what is quoted.
        if (event.target.selectionStart === event.target.value.length) {
          event.target.setSelectionRange(0, 0);
          event.target.scrollTop = 0;
        }
      }}
    />
  );
}

type FormatSwitchProps = Pick<TextFieldProps, 'draft' | 'onChange'>;

/** Between plain and formatted text; what would be lost is asked about before. */
export function FormatSwitch({ draft, onChange }: FormatSwitchProps) {
  const { t } = useLingui();
  const [asking, setAsking] = useState(false);
  const busy = useRef(false);
  const plain = () => onChange({ text: draft.text, html: null });
  const press = async () => {
    if (busy.current) return;
    busy.current = true;
    try {
      const { htmlOf, isFormatted } = await import('./rich/convert.ts');
      if (draft.html === null) onChange({ text: draft.text, html: htmlOf(draft.text) });
      else {
        const { cleaned } = await import('./rich/clean.ts');
        if (isFormatted(cleaned(draft.html))) setAsking(true);
        else plain();
      }
    } finally {
      busy.current = false;
    }
  };
  return (
    <>
      <Button small variant="tertiary" onPress={() => void press()}>
        {draft.html === null ? <Trans>Formatieren</Trans> : <Trans>Nur Text</Trans>}
      </Button>
      <ConfirmDialog
        title={t`Nur Text senden?`}
        action={t`Formatierung verwerfen`}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={plain}
      >
        <p>
          <Trans>
            Fett und kursiv gehen verloren. Listen, Zitate und die Adressen der Links bleiben als
            Zeichen im Text stehen.
          </Trans>
        </p>
      </ConfirmDialog>
    </>
  );
}
