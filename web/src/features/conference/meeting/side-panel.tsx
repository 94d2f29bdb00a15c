import { useLingui } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { IconButton } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { usePhone } from './use-phone.ts';

type SidePanelProps = { title: string; onClose: () => void; children: ReactNode };

/** Chat or people: beside the stage, on a phone in front of it. */
export function SidePanel({ title, onClose, children }: SidePanelProps) {
  const { t } = useLingui();
  const phone = usePhone();
  const close = (
    <IconButton label={t`${title} schließen`} icon={icons.iconClose} onPress={onClose} />
  );
  if (phone) {
    return (
      <ModalOverlay
        className="fa-panel-overlay"
        isOpen
        onOpenChange={(open) => {
          if (!open) onClose();
        }}
      >
        <Modal className="fa-panel-modal kern-level-2">
          <Dialog className="fa-panel">
            <div className="fa-panel__head">
              <Heading slot="title" level={2}>
                {title}
              </Heading>
              {close}
            </div>
            {children}
          </Dialog>
        </Modal>
      </ModalOverlay>
    );
  }
  return (
    <aside className="fa-panel kern-level-2" aria-label={title}>
      <div className="fa-panel__head">
        <h2>{title}</h2>
        {close}
      </div>
      {children}
    </aside>
  );
}
