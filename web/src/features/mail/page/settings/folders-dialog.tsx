import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useState } from 'react';
import { Button, IconButton } from '../../../../ui/button.tsx';
import { Select } from '../../../../ui/choices.tsx';
import { Dialog } from '../../../../ui/dialog.tsx';
import { TextField } from '../../../../ui/fields.tsx';
import { Icon, icons } from '../../../../ui/icon.tsx';
import { Alert } from '../../../../ui/notice.tsx';
import type { Mailbox } from '../../model.ts';
import { isolated } from '../bidi.ts';
import { useMailPage } from '../context.ts';
import { useMailStatus } from '../use-asked.ts';
import { faultText, folderName } from '../words.ts';
import { below, inOrder } from './tree.ts';
import './settings.css';

const MAX_NAME_CHARS = 60;
/** What a list of choices calls the place where no folder lies above. */
const TOP = '';

type Step = { what: 'list' } | { what: 'make' } | { what: 'change' | 'destroy'; box: Mailbox };

/** One's own folders: made, named, put elsewhere and removed. */
export function FoldersDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const { mail, boxes } = useMailPage();
  const { line } = useMailStatus(mail);
  const [step, setStep] = useState<Step>({ what: 'list' });
  const back = () => setStep({ what: 'list' });
  if (step.what === 'make') return <Naming box={null} onBack={back} onClose={onClose} />;
  if (step.what === 'change') return <Naming box={step.box} onBack={back} onClose={onClose} />;
  if (step.what === 'destroy') return <Destroying box={step.box} onBack={back} onClose={onClose} />;
  const shut = line === 'offline';
  const own = inOrder(boxes).filter(({ box }) => box.role === 'other');
  return (
    <Dialog
      title={t`Ordner verwalten`}
      isOpen
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>
            <Trans>Schließen</Trans>
          </Button>
          <Button
            variant="primary"
            icon={icons.iconAdd}
            isDisabled={shut}
            onPress={() => setStep({ what: 'make' })}
          >
            <Trans>Neuer Ordner</Trans>
          </Button>
        </>
      }
    >
      {shut && (
        <Alert tone="info" title={<Trans>Ohne Verbindung lassen sich Ordner nicht ändern</Trans>} />
      )}
      {own.length === 0 && (
        <p className="fa-muted">
          <Trans>Sie haben noch keine eigenen Ordner.</Trans>
        </p>
      )}
      <ul className="fa-folders">
        {own.map(({ box, depth }) => (
          <li key={box.id} style={{ paddingInlineStart: `${depth * 1.25}rem` }}>
            <Icon of={icons.iconFolder} size="small" />
            <bdi className="fa-grow fa-folders__name">{folderName(box)}</bdi>
            <IconButton
              label={t`„${isolated(box.name)}“ umbenennen oder verschieben`}
              icon={icons.iconEdit}
              isDisabled={shut}
              onPress={() => setStep({ what: 'change', box })}
            />
            <IconButton
              label={t`„${isolated(box.name)}“ löschen`}
              icon={icons.iconDelete}
              isDisabled={shut}
              onPress={() => setStep({ what: 'destroy', box })}
            />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

type StepProps = { onBack: () => void; onClose: () => void };

function Naming({ box, onBack, onClose }: StepProps & { box: Mailbox | null }) {
  const { t } = useLingui();
  const { mail, boxes, tell } = useMailPage();
  const [name, setName] = useState(box?.name ?? '');
  const [parent, setParent] = useState(box?.parentId ?? TOP);
  const [tried, setTried] = useState(false);
  // Into itself or what lies in it, nothing can be put; and what the system puts aside is no place for folders.
  const inside = new Set(box ? below(boxes, box.id) : []);
  const places = inOrder(boxes).filter(
    ({ box: one }) =>
      !inside.has(one.id) && !['drafts', 'sent', 'junk', 'trash'].includes(one.role),
  );
  const save = async () => {
    setTried(true);
    if (!name.trim()) return false;
    const parentId = parent === TOP ? null : parent;
    if (box === null) await mail.createMailbox(name.trim(), parentId);
    else await mail.changeMailbox(box.id, { name: name.trim(), parentId });
    tell({ text: box === null ? t`Ordner angelegt` : t`Ordner geändert` });
    return true;
  };
  return (
    <Doing
      title={box === null ? t`Neuer Ordner` : t`Ordner ändern`}
      action={box === null ? t`Anlegen` : t`Speichern`}
      work={save}
      onBack={onBack}
      onClose={onClose}
    >
      <TextField
        name="mail-folder-name"
        label={t`Name`}
        value={name}
        maxLength={MAX_NAME_CHARS}
        autoFocus
        autoComplete="off"
        error={tried && !name.trim() ? t`Geben Sie dem Ordner einen Namen.` : undefined}
        onChange={setName}
      />
      <Select
        name="mail-folder-parent"
        label={t`Liegt in`}
        value={parent}
        options={[
          { value: TOP, label: t`keinem anderen Ordner` },
          ...places.map(({ box: one, depth }) => ({
            value: one.id,
            label: `${'\u2003'.repeat(depth)}${folderName(one)}`,
          })),
        ]}
        onChange={setParent}
      />
    </Doing>
  );
}

function Destroying({ box, onBack, onClose }: StepProps & { box: Mailbox }) {
  const { t } = useLingui();
  const { mail, boxes, tell } = useMailPage();
  const name = isolated(box.name);
  if (boxes.some(({ parentId }) => parentId === box.id)) {
    return (
      <Dialog
        title={t`„${name}“ löschen?`}
        isOpen
        onClose={onClose}
        footer={
          <Button autoFocus onPress={onBack}>
            <Trans>Zurück</Trans>
          </Button>
        }
      >
        <p>
          <Trans>
            In diesem Ordner liegen andere Ordner. Löschen oder verschieben Sie zuerst diese.
          </Trans>
        </p>
      </Dialog>
    );
  }
  const destroy = async () => {
    await mail.destroyMailbox(box.id);
    tell({ text: t`Ordner gelöscht` });
    return true;
  };
  return (
    <Doing
      title={t`„${name}“ löschen?`}
      action={t`Ordner löschen`}
      danger
      work={destroy}
      onBack={onBack}
      onClose={onClose}
    >
      <p>
        {box.totalEmails > 0 ? (
          <Plural
            value={box.totalEmails}
            one="Die Nachricht darin kommt in den Papierkorb. Den Ordner selbst können Sie nicht wiederherstellen."
            other="Die # Nachrichten darin kommen in den Papierkorb. Den Ordner selbst können Sie nicht wiederherstellen."
          />
        ) : (
          <Trans>Er ist leer. Wiederherstellen können Sie ihn nicht.</Trans>
        )}
      </p>
    </Doing>
  );
}

type DoingProps = StepProps & {
  title: string;
  action: string;
  danger?: boolean;
  /** False where something is still to be mended. */
  work: () => Promise<boolean>;
  children: ReactNode;
};

function Doing({ title, action, danger = false, work, onBack, onClose, children }: DoingProps) {
  const { t } = useLingui();
  const [pending, setPending] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const run = async () => {
    setPending(true);
    setFault(undefined);
    try {
      if (await work()) onBack();
    } catch (reason) {
      setFault(reason);
    } finally {
      setPending(false);
    }
  };
  return (
    <Dialog
      title={title}
      isOpen
      onClose={onClose}
      role={danger ? 'alertdialog' : 'dialog'}
      footer={
        <>
          <Button autoFocus={danger} onPress={onBack}>{t`Abbrechen`}</Button>
          <Button variant="primary" danger={danger} pending={pending} onPress={() => void run()}>
            {action}
          </Button>
        </>
      }
    >
      <form
        className="fa-stack"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        {fault !== undefined && (
          <Alert tone="danger" live="assertive" title={faultText(fault).what}>
            <p>{faultText(fault).next}</p>
          </Alert>
        )}
        {children}
      </form>
    </Dialog>
  );
}
