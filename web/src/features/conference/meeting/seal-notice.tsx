import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextField } from '../../../ui/fields.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { keyIn } from '../end-to-end.ts';
import type { MeetingView } from './controller.ts';

/** Says that the key is missing or does not fit, where pictures and sound stay closed for that. */
export function SealNotice({ view, onSeal }: { view: MeetingView; onSeal: () => void }) {
  const { t } = useLingui();
  const missing = view.seal === 'missing';
  if (!missing && !fitsNobody(view)) return null;
  return (
    <p className="fa-notice fa-notice--warning" role="status">
      <Icon of={icons.iconLock} size="small" />
      <span>
        {missing ? (
          <Trans>
            Ihnen fehlt der Schlüssel: Sie sehen, hören und lesen die anderen nicht, und sie Sie
            nicht. Er steht im vollständigen Link.
          </Trans>
        ) : (
          <Trans>
            Ihr Schlüssel passt nicht zu dem der anderen. Vielleicht gibt es einen neueren Link.
          </Trans>
        )}
      </span>
      <Button small onPress={onSeal}>
        {missing ? t`Schlüssel eingeben` : t`Anderen Schlüssel eingeben`}
      </Button>
    </p>
  );
}

/** Whether others send, and the key opens nothing of it. */
function fitsNobody({ seal, media }: MeetingView): boolean {
  if (seal !== 'held') return false;
  const sending = [...media.seats.values()].filter(
    ({ identity, microphone, camera, screen, unreadable }) =>
      identity !== media.own.identity &&
      (microphone !== 'none' || camera !== null || screen !== null || unreadable),
  );
  return sending.length > 0 && sending.every(({ unreadable }) => unreadable);
}

type SealDialogProps = {
  isOpen: boolean;
  onClose: () => void;
  view: MeetingView;
  onKey: (key: string) => void;
};

/** Takes the full link or the key during the meeting. */
export function SealDialog({ view, onKey, ...open }: SealDialogProps) {
  const { t } = useLingui();
  return (
    <Dialog title={t`Schlüssel der Besprechung`} {...open}>
      <SealForm
        view={view}
        onKey={(key) => {
          onKey(key);
          open.onClose();
        }}
      />
    </Dialog>
  );
}

function SealForm({ view, onKey }: Pick<SealDialogProps, 'view' | 'onKey'>) {
  const { t } = useLingui();
  const [pasted, setPasted] = useState('');
  const [refused, setRefused] = useState(false);
  const inviter = view.facts?.held_by ?? '';
  return (
    <form
      className="fa-stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const key = keyIn(pasted);
        if (key) onKey(key);
        else setRefused(true);
      }}
    >
      <p>
        <Trans>
          Bild, Ton und Chat sind von Gerät zu Gerät verschlüsselt. Der Server kennt den Schlüssel
          nicht; nur wer eingeladen hat, gibt ihn mit dem Link weiter: {inviter}.
        </Trans>
      </p>
      <TextField
        label={t`Vollständiger Link oder Schlüssel`}
        name="seal"
        value={pasted}
        onChange={(next) => {
          setPasted(next);
          setRefused(false);
        }}
        error={refused ? t`Darin steht kein Schlüssel. Der Link muss vollständig sein.` : undefined}
        autoComplete="off"
        spellCheck={false}
        autoFocus
      />
      <div>
        <Button type="submit" variant="primary" icon={icons.iconLockOpen}>
          {t`Schlüssel übernehmen`}
        </Button>
      </div>
    </form>
  );
}
