import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { Button, IconButton } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import type { Sending } from '../model.ts';
import type { Notice } from './context.ts';

const SHOWN_MS = 10_000;
const SECOND_MS = 1_000;

type NoticesProps = {
  notice: Notice | null;
  held: readonly Sending[];
  onClose: () => void;
  onTakeBack: (sending: Sending) => Promise<unknown>;
};

/** What was just done, at the foot of the page, with the way to undo it. It stays while the pointer or focus is in it. */
export function Notices({ notice, held, onClose, onTakeBack }: NoticesProps) {
  const { t } = useLingui();
  const [kept, setKept] = useState(false);
  useEffect(() => {
    if (!notice || notice.failed || kept) return undefined;
    const timer = setTimeout(onClose, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [notice, kept, onClose]);
  return (
    <section
      className="fa-mail__notices fa-noprint"
      aria-label={t`Meldungen`}
      // Else it were hidden from readers as long as a dialog is open.
      data-react-aria-top-layer
      onPointerEnter={() => setKept(true)}
      onPointerLeave={() => setKept(false)}
      onFocus={() => setKept(true)}
      onBlur={() => setKept(false)}
    >
      <div role="status">
        {notice && (
          <div className={`fa-mail__notice ${notice.failed ? 'fa-mail__notice--failed' : ''}`}>
            <Icon of={notice.failed ? icons.iconError : icons.iconCheck} size="small" />
            <span className="fa-grow">{notice.text}</span>
            {notice.undo && (
              <Button
                small
                variant="tertiary"
                icon={icons.iconUndo}
                onPress={() => {
                  onClose();
                  void notice.undo?.();
                }}
              >
                <Trans>Rückgängig</Trans>
              </Button>
            )}
            <IconButton label={t`Meldung schließen`} icon={icons.iconClose} onPress={onClose} />
          </div>
        )}
      </div>
      {held.map((sending) => (
        <Held key={sending.id} sending={sending} onTakeBack={onTakeBack} />
      ))}
      <p className="kern-sr-only" role="status">
        {held.length > 0 && (
          <Trans>
            Die Nachricht wird gleich gesendet. Bis dahin können Sie das Senden zurücknehmen.
          </Trans>
        )}
      </p>
    </section>
  );
}

function Held({
  sending,
  onTakeBack,
}: {
  sending: Sending;
  onTakeBack: NoticesProps['onTakeBack'];
}) {
  const [now, setNow] = useState(Date.now);
  const [pending, setPending] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND_MS / 2);
    return () => clearInterval(timer);
  }, []);
  const left = Math.max(0, Math.ceil(((sending.heldUntilMs ?? now) - now) / SECOND_MS));
  return (
    <div className="fa-mail__notice">
      <Icon of={icons.iconHourglassTop} size="small" />
      <span className="fa-grow">
        {left > 0 ? (
          <Trans>Wird in {left} Sekunden gesendet</Trans>
        ) : (
          <Trans>Wird gesendet …</Trans>
        )}
      </span>
      <Button
        small
        variant="tertiary"
        icon={icons.iconUndo}
        pending={pending}
        onPress={() => {
          setPending(true);
          void onTakeBack(sending).finally(() => setPending(false));
        }}
      >
        <Trans>Senden zurücknehmen</Trans>
      </Button>
    </div>
  );
}
