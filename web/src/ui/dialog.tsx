import { useLingui } from '@lingui/react/macro';
import { type ReactNode, useState } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button, IconButton } from './button.tsx';
import * as icons from './icons/index.ts';

type DialogProps = {
  title: ReactNode;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** The buttons at the foot; the first is the way out. */
  footer?: ReactNode;
  wide?: boolean;
  /** For a question that must be answered: a press beside it does not close it. */
  role?: 'dialog' | 'alertdialog';
};

/** A dialog over the page. Escape and the cross close it; the focus returns to where it was. */
export function Dialog(props: DialogProps) {
  const { title, isOpen, onClose, children, footer, wide = false, role = 'dialog' } = props;
  const { t } = useLingui();
  return (
    <ModalOverlay
      className="fa-overlay"
      isOpen={isOpen}
      isDismissable={role === 'dialog'}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal className={`fa-modal kern-level-2 ${wide ? 'fa-modal--wide' : ''}`}>
        <AriaDialog className="fa-dialog" role={role}>
          <div className="fa-dialog__head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton label={t`Schließen`} icon={icons.iconClose} onPress={onClose} />
          </div>
          {children}
          {footer && <div className="fa-dialog__foot">{footer}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

type ConfirmDialogProps = {
  title: ReactNode;
  /** What will happen and what will be lost. */
  children: ReactNode;
  /** The deed in words: "Gerät sperren". */
  action: string;
  danger?: boolean;
  isOpen: boolean;
  onClose: () => void;
  /** The dialog stays open and shows its button at work until this settles. */
  onConfirm: () => Promise<unknown> | unknown;
};

/** Asks before something that cannot be taken back. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, action, danger = false, isOpen, onClose, onConfirm } = props;
  const { t } = useLingui();
  const [pending, setPending] = useState(false);
  const confirm = async () => {
    setPending(true);
    try {
      await onConfirm();
      onClose();
    } finally {
      setPending(false);
    }
  };
  return (
    <Dialog
      title={title}
      isOpen={isOpen}
      onClose={onClose}
      role="alertdialog"
      footer={
        <>
          <Button onPress={onClose} autoFocus>{t`Abbrechen`}</Button>
          <Button
            variant="primary"
            danger={danger}
            pending={pending}
            onPress={() => void confirm()}
          >
            {action}
          </Button>
        </>
      }
    >
      <div className="fa-stack fa-stack--tight">{children}</div>
    </Dialog>
  );
}
