import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { Dialog } from '../../../ui/dialog.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert, Loading } from '../../../ui/notice.tsx';
import type { Attachment } from '../model.ts';
import { useMailPage } from './context.ts';
import { dataUrl, isPicture, MAX_PICTURE_BYTES } from './pictures.ts';
import { useAsked } from './use-asked.ts';
import { faultText, sizeText } from './words.ts';

const MAX_TEXT_BYTES = 1_000_000;

const isText = ({ type }: Attachment) => /^text\/(plain|csv|markdown)$/i.test(type);
const canShow = (one: Attachment) =>
  (isPicture(one) && one.sizeBytes <= MAX_PICTURE_BYTES) ||
  (isText(one) && one.sizeBytes <= MAX_TEXT_BYTES);

/** What is attached; pictures and texts can be looked at here. */
export function Attachments({ attachments }: { attachments: readonly Attachment[] }) {
  const { t } = useLingui();
  const [shown, setShown] = useState<Attachment | null>(null);
  return (
    <>
      <ul className="fa-mail__attachments" aria-label={t`Anhänge`}>
        {attachments.map((one) => (
          <li key={`${one.blobId} ${one.name}`}>
            {canShow(one) ? (
              <button type="button" className="fa-mail__attachment" onClick={() => setShown(one)}>
                <Words attachment={one} />
              </button>
            ) : (
              <span className="fa-mail__attachment fa-mail__attachment--shut">
                <Words attachment={one} />
                <span className="fa-muted fa-small">
                  <Trans>hier noch nicht zu öffnen</Trans>
                </span>
              </span>
            )}
          </li>
        ))}
      </ul>
      <Dialog
        title={shown?.name || t`Anhang`}
        wide
        isOpen={shown !== null}
        onClose={() => setShown(null)}
      >
        {shown && <Content attachment={shown} />}
      </Dialog>
    </>
  );
}

function Words({ attachment }: { attachment: Attachment }) {
  const { t } = useLingui();
  const { name, sizeBytes } = attachment;
  return (
    <>
      <Icon of={iconOf(attachment)} size="small" />
      <span className="fa-mail__file">{name || t`Ohne Namen`}</span>
      <span className="fa-muted fa-nowrap">{sizeText(sizeBytes)}</span>
    </>
  );
}

/** A picture of what kind of file it is. */
export function iconOf({ type }: { type: string }): string {
  return type.startsWith('image/') ? icons.iconImage : icons.iconDescription;
}

function Content({ attachment }: { attachment: Attachment }) {
  const { mail } = useMailPage();
  const asked = useAsked(mail, attachment.blobId, () => mail.attachment(attachment.blobId));
  if (asked.fault !== undefined) {
    const { what, next } = faultText(asked.fault);
    return (
      <Alert tone="danger" live="assertive" title={what}>
        <p>{next}</p>
      </Alert>
    );
  }
  if (!asked.data) return asked.slow ? <Loading /> : null;
  const { name, type } = attachment;
  if (isPicture(attachment)) {
    return <img className="fa-mail__picture" src={dataUrl(type, asked.data)} alt={name} />;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre className="fa-mail__plain" tabIndex={0}>
      {new TextDecoder().decode(asked.data.subarray(0, MAX_TEXT_BYTES)) || (
        <Trans>Die Datei ist leer.</Trans>
      )}
    </pre>
  );
}
