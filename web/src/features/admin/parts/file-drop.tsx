import { Trans, useLingui } from '@lingui/react/macro';
import { type DragEvent, useRef, useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { announce } from '../../../ui/status.tsx';
import { number } from '../format.ts';
import { MAX_FILE_BYTES } from './files.ts';

type FileDropProps = {
  /** "Tabelle auswählen". */
  action: string;
  accept: string;
  pending?: boolean;
  onFile: (file: File) => void;
  children?: React.ReactNode;
};

/** Takes one file: by button, or dropped onto it. */
export function FileDrop({ action, accept, pending = false, onFile, children }: FileDropProps) {
  const { t } = useLingui();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const take = (file: File | undefined) => {
    if (!file) return;
    if (file.size > MAX_FILE_BYTES) {
      const limit = number(MAX_FILE_BYTES / 1_000);
      announce(
        'danger',
        t`Die Datei ist zu groß.`,
        t`Bis ${limit} Kilobyte sind möglich. Teilen Sie sie in mehrere.`,
      );
      return;
    }
    onFile(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra; the button does the same
    <div
      className="fa-file"
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        ref={input}
        type="file"
        accept={accept}
        className="kern-sr-only"
        tabIndex={-1}
        aria-label={action}
        onChange={(event) => {
          take(event.target.files?.[0]);
          // The same file may be chosen again after it was corrected.
          event.target.value = '';
        }}
      />
      <Button icon={icons.iconUpload} pending={pending} onPress={() => input.current?.click()}>
        {action}
      </Button>
      <p className="fa-muted fa-small">
        <Trans>oder hierher ziehen</Trans>
      </p>
      {children}
    </div>
  );
}
