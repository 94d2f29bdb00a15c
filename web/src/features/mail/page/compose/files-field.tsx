import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { FileTrigger } from 'react-aria-components';
import { Button } from '../../../../ui/button.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import type { DraftAttachment } from '../../model.ts';
import { iconOf } from '../attachments.tsx';
import { isolated, tamedFile } from '../bidi.ts';
import { sizeText } from '../words.ts';
import { attachedBytes, MAX_ATTACHED_BYTES, MAX_ATTACHED_FILES, sizeOf } from './checks.ts';

const MAX_NAME_CHARS = 200;
/** From this part of the limit on, one wants to know what is left. */
const NEAR = 0.6;

type FilesFieldProps = {
  values: readonly DraftAttachment[];
  onAdd: (more: DraftAttachment[]) => void;
  onRemove: (gone: DraftAttachment) => void;
};

const nameOf = (one: DraftAttachment) =>
  tamedFile(one.kind === 'new' ? one.name : one.attachment.name);
const typeOf = (one: DraftAttachment) => (one.kind === 'new' ? one.type : one.attachment.type);

/** What goes with the message, each with its size, and how much there is room for. */
export function FilesField({ values, onAdd, onRemove }: FilesFieldProps) {
  const { t } = useLingui();
  const [fault, setFault] = useState('');
  const bytes = attachedBytes(values);
  const add = async (list: FileList | null) => {
    const files = [...(list ?? [])];
    const more = files.reduce((sum, { size }) => sum + size, 0);
    if (values.length + files.length > MAX_ATTACHED_FILES) {
      setFault(t`Es sind nicht mehr als ${MAX_ATTACHED_FILES} Anhänge möglich.`);
      return;
    }
    // Said before they are read: a large file would fill the memory first.
    if (bytes + more > MAX_ATTACHED_BYTES) {
      const room = sizeText(MAX_ATTACHED_BYTES - bytes);
      setFault(
        t`Zusammen ${sizeText(more)} sind zu groß; frei sind noch ${room}. Verteilen Sie die Dateien auf mehrere Nachrichten.`,
      );
      return;
    }
    setFault('');
    try {
      onAdd(await Promise.all(files.map(read)));
    } catch {
      setFault(t`Der Browser konnte die Datei nicht lesen. Wählen Sie sie noch einmal aus.`);
    }
  };
  return (
    <div className="fa-write__files">
      {values.length > 0 && (
        <ul className="fa-mail__attachments" aria-label={t`Anhänge`}>
          {values.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two files may be of one name
            <li key={at} className="fa-mail__attachment">
              <Icon of={iconOf({ type: typeOf(one) })} size="small" />
              <bdi className="fa-mail__file">{nameOf(one)}</bdi>
              <span className="fa-muted fa-nowrap">{sizeText(sizeOf(one))}</span>
              <button
                type="button"
                aria-label={t`„${isolated(nameOf(one))}“ entfernen`}
                onClick={() => onRemove(one)}
              >
                <Icon of={icons.iconClose} size="small" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="fa-row">
        <FileTrigger allowsMultiple onSelect={(list) => void add(list)}>
          <Button small variant="tertiary" icon={icons.iconAttachFile}>
            <Trans>Datei anhängen</Trans>
          </Button>
        </FileTrigger>
        {bytes > MAX_ATTACHED_BYTES * NEAR && (
          <span className="fa-muted fa-small">
            <Trans>
              {sizeText(bytes)} von {sizeText(MAX_ATTACHED_BYTES)}
            </Trans>
          </span>
        )}
      </div>
      <div role="alert">
        {fault && (
          <p className="kern-error fa-write__fault">
            <Icon of={icons.iconError} size="small" />
            <span>{fault}</span>
          </p>
        )}
      </div>
    </div>
  );
}

async function read(file: File): Promise<DraftAttachment> {
  return {
    kind: 'new',
    name: file.name.slice(0, MAX_NAME_CHARS),
    type: file.type || 'application/octet-stream',
    bytes: new Uint8Array(await file.arrayBuffer()),
  };
}
