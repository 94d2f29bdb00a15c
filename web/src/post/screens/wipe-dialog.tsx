import { Trans, useLingui } from '@lingui/react/macro';
import { ConfirmDialog } from '../../ui/dialog.tsx';

type WipeDialogProps = {
  why: 'forgotten' | 'wanted';
  isOpen: boolean;
  onClose: () => void;
  onWipe: () => Promise<void>;
};

/** Asks before the container goes, and says what goes with it. */
export function WipeDialog({ why, isOpen, onClose, onWipe }: WipeDialogProps) {
  const { t } = useLingui();
  return (
    <ConfirmDialog
      title={<Trans>Container auf diesem Gerät löschen?</Trans>}
      action={t`Container löschen`}
      danger
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={onWipe}
    >
      {why === 'forgotten' && (
        <p>
          <Trans>
            Eine vergessene Passphrase kann niemand wiederherstellen. Sie können den Container
            löschen und mit einer neuen Passphrase neu anlegen.
          </Trans>
        </p>
      )}
      <p>
        <Trans>
          Verloren geht, was nur auf diesem Gerät liegt: Nachrichten und Änderungen, die noch auf
          das Senden warten. Alles andere liegt auf dem Server und kann neu geladen werden.
        </Trans>
      </p>
    </ConfirmDialog>
  );
}
