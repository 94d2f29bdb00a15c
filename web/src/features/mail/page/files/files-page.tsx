import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useState } from 'react';
import { Button, IconButton } from '../../../../ui/button.tsx';
import { ConfirmDialog, Dialog } from '../../../../ui/dialog.tsx';
import { TextField } from '../../../../ui/fields.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import { Alert, EmptyState, Loading } from '../../../../ui/notice.tsx';
import { useRules } from '../../guard/rules.ts';
import { iconOf } from '../attachments.tsx';
import { useMailPage } from '../context.ts';
import { go, hashOf, NOWHERE } from '../place.ts';
import type { ViewedFile } from '../viewers/viewer.tsx';
import { fullDate, sizeText } from '../words.ts';
import { FileActions } from './actions.tsx';
import { useFileList } from './context.ts';
import { MAX_NAME_CHARS, type OwnFile, type OwnFiles } from './own-files.ts';
import { filesFaultText } from './words.ts';
import './files.css';

const Viewer = lazy(async () => ({ default: (await import('../viewers/viewer.tsx')).Viewer }));

type Doing =
  | { what: 'view'; file: OwnFile; viewed: ViewedFile }
  | { what: 'rename' | 'remove'; file: OwnFile };

/** The files that were put aside in the container. */
export function FilesPage({ files }: { files: OwnFiles }) {
  const { t } = useLingui();
  const { tell, write } = useMailPage();
  const list = useFileList(files);
  const { files: mayKeep } = useRules();
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => setDoing(null);
  const said = (work: Promise<unknown>) =>
    work.catch((fault: unknown) => tell({ text: filesFaultText(fault), failed: true }));
  const viewed = async (file: OwnFile): Promise<ViewedFile> => {
    const { name, type, blobId } = file;
    return { name, type, blobId, bytes: await files.read(file.id) };
  };
  const open = (file: OwnFile) =>
    said(viewed(file).then((one) => setDoing({ what: 'view', file, viewed: one })));
  const attach = (file: OwnFile) =>
    said(
      viewed(file).then(({ name, type, bytes }) =>
        write({ kind: 'new', attachments: [{ kind: 'new', name, type, bytes }] }),
      ),
    );
  const bytes = list?.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0;
  return (
    <section className="fa-files" aria-labelledby="ablage" data-focus-home>
      <div className="fa-files__head">
        <a
          href={hashOf(NOWHERE)}
          className="fa-files__back"
          onClick={(event) => {
            event.preventDefault();
            go(NOWHERE);
          }}
        >
          <Icon of={icons.iconArrowBack} size="small" />
          <Trans>Ordner</Trans>
        </a>
        <h2 id="ablage">
          <Trans>Ablage</Trans>
        </h2>
        <p className="fa-muted">
          <Trans>
            Diese Dateien liegen verschlüsselt auf diesem Gerät und sonst nirgends. Wird der
            Container gelöscht, sind sie weg.
          </Trans>
          {list && list.length > 0 && (
            <>
              {' '}
              <Plural value={list.length} one="Eine Datei" other="# Dateien" />, {sizeText(bytes)}.
            </>
          )}
        </p>
      </div>
      {!mayKeep && (
        <Alert tone="info" title={<Trans>Ihre Verwaltung hat die Ablage ausgeschaltet</Trans>}>
          <p>
            <Trans>
              Neues lässt sich nicht mehr hierher legen. Was schon hier liegt, bleibt, bis Sie es
              löschen.
            </Trans>
          </p>
        </Alert>
      )}
      {list === null ? (
        <Loading />
      ) : list.length === 0 ? (
        mayKeep && (
          <EmptyState icon={icons.iconInventory2} title={t`Die Ablage ist leer`} level={3}>
            <p>
              <Trans>Öffnen Sie einen Anhang und legen Sie ihn hierher.</Trans>
            </p>
          </EmptyState>
        )
      ) : (
        <ul className="fa-files__list">
          {list.map((file) => (
            <li key={file.id}>
              <button type="button" className="fa-files__open" onClick={() => void open(file)}>
                <Icon of={iconOf(file)} size="small" />
                <span className="fa-mail__file">{file.name}</span>
                <span className="fa-muted fa-small fa-nowrap">
                  {sizeText(file.sizeBytes)} · {fullDate(file.addedAtMs)}
                </span>
              </button>
              <IconButton
                label={t`„${file.name}“ an eine Nachricht anhängen`}
                icon={icons.iconAttachFile}
                onPress={() => void attach(file)}
              />
              <IconButton
                label={t`„${file.name}“ umbenennen`}
                icon={icons.iconEdit}
                onPress={() => setDoing({ what: 'rename', file })}
              />
              <IconButton
                label={t`„${file.name}“ löschen`}
                icon={icons.iconDelete}
                onPress={() => setDoing({ what: 'remove', file })}
              />
            </li>
          ))}
        </ul>
      )}
      {doing?.what === 'view' && (
        <Dialog title={doing.file.name} wide isOpen onClose={close}>
          <FileActions file={doing.viewed} isKept />
          <Suspense fallback={<Loading />}>
            <Viewer file={doing.viewed} />
          </Suspense>
        </Dialog>
      )}
      {doing?.what === 'rename' && (
        <RenameDialog
          file={doing.file}
          onClose={close}
          onRename={(name) => files.rename(doing.file.id, name)}
        />
      )}
      {doing?.what === 'remove' && (
        <ConfirmDialog
          title={t`Datei löschen?`}
          action={t`Datei löschen`}
          danger
          isOpen
          onClose={close}
          onConfirm={() => said(files.remove(doing.file.id))}
        >
          <p>
            <Trans>
              „{doing.file.name}“ wird von diesem Gerät gelöscht und lässt sich nicht zurückholen.
            </Trans>
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}

type RenameDialogProps = {
  file: OwnFile;
  onClose: () => void;
  onRename: (name: string) => Promise<void>;
};

function RenameDialog({ file, onClose, onRename }: RenameDialogProps) {
  const { t } = useLingui();
  const [name, setName] = useState(file.name);
  const [fault, setFault] = useState('');
  const rename = () => onRename(name).then(onClose, (error) => setFault(filesFaultText(error)));
  return (
    <Dialog
      title={t`Datei umbenennen`}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{t`Abbrechen`}</Button>
          <Button variant="primary" onPress={() => void rename()}>{t`Umbenennen`}</Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void rename();
        }}
      >
        <TextField
          label={t`Name`}
          name="name"
          maxLength={MAX_NAME_CHARS}
          value={name}
          onChange={setName}
          autoFocus
        />
      </form>
      {fault && (
        <Alert tone="danger" live="assertive" title={fault}>
          {null}
        </Alert>
      )}
    </Dialog>
  );
}
