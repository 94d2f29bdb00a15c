import { Trans, useLingui } from '@lingui/react/macro';
import { useId, useState } from 'react';
import { Button } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { Alert } from '../../../../ui/notice.tsx';

const MAX_NOTE_CHARS = 2_000;

type NoteFormProps = {
  /** What stands there this moment, while the form is open, too. */
  stands: string;
  onClose: () => void;
  /** `was`: what the person knows to stand there. */
  onSave: (note: string, was: string) => Promise<boolean>;
};

/** To write the internal note. What somebody else wrote meanwhile is not replaced unseen. */
export function NoteForm({ stands, onClose, onSave }: NoteFormProps) {
  const { t } = useLingui();
  const [first] = useState(stands);
  const [text, setText] = useState(first);
  const [theirs, setTheirs] = useState<string | null>(null);
  const [pending, setPending] = useState(false);
  const id = useId();
  const seen = theirs ?? first;
  const save = async (value: string) => {
    if (value === first && theirs === null) return onClose();
    if (stands !== seen && stands !== value) return setTheirs(stands);
    setPending(true);
    if (await onSave(value, stands)) onClose();
    else setPending(false);
  };
  const both = `${theirs}\n\n${text.trim()}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form within a message
    <div
      className="fa-team__note"
      role="group"
      aria-label={t`Interne Notiz`}
      onKeyDown={(event) => {
        // Else it would close the whole thread.
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onClose();
      }}
    >
      <label htmlFor={id}>
        <Trans>Interne Notiz</Trans>
      </label>
      <p className="fa-muted fa-small" id={`${id}-hint`}>
        <Trans>Alle, die dieses Postfach öffnen dürfen, sehen sie. Nach außen geht sie nie.</Trans>
      </p>
      {theirs !== null && (
        <Alert
          tone="warning"
          live="assertive"
          title={t`Inzwischen hat jemand anders die Notiz geändert`}
        >
          <p>
            {theirs === '' ? (
              <Trans>
                Sie wurde entfernt. Ihr Text steht unten und ist noch nicht gespeichert.
              </Trans>
            ) : (
              <Trans>
                Jetzt steht dort, was folgt. Ihr Text steht unten und ist noch nicht gespeichert.
              </Trans>
            )}
          </p>
          {theirs !== '' && <blockquote className="fa-team__lost">{theirs}</blockquote>}
        </Alert>
      )}
      <textarea
        id={id}
        aria-describedby={`${id}-hint`}
        rows={4}
        value={text}
        maxLength={MAX_NOTE_CHARS}
        // Else the browser keeps what is typed on the disk, to put it back after a crash.
        autoComplete="off"
        // biome-ignore lint/a11y/noAutofocus: it opens because somebody wants to write
        autoFocus
        onChange={(event) => setText(event.target.value)}
      />
      <div className="fa-row">
        <Button
          small
          variant="primary"
          icon={icons.iconCheck}
          pending={pending}
          onPress={() => void save(text.trim())}
        >
          {!theirs ? (
            <Trans>Notiz speichern</Trans>
          ) : text.trim() === '' ? (
            <Trans>Trotzdem entfernen</Trans>
          ) : (
            <Trans>Durch meinen Text ersetzen</Trans>
          )}
        </Button>
        {theirs && text.trim() !== '' && both.length <= MAX_NOTE_CHARS && (
          <Button
            small
            isDisabled={pending}
            onPress={() => {
              setText(both);
              void save(both);
            }}
          >
            <Trans>Beide behalten</Trans>
          </Button>
        )}
        <Button small onPress={onClose}>
          <Trans>Abbrechen</Trans>
        </Button>
        {first !== '' && theirs === null && (
          <Button
            small
            variant="tertiary"
            icon={icons.iconDelete}
            onPress={() => {
              setText('');
              void save('');
            }}
          >
            <Trans>Notiz entfernen</Trans>
          </Button>
        )}
      </div>
    </div>
  );
}
