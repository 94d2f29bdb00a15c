import { Trans, useLingui } from '@lingui/react/macro';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Dialog } from '../../../ui/dialog.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert, Loading } from '../../../ui/notice.tsx';
import { useRules } from '../guard/rules.ts';
import type { Attachment } from '../model.ts';
import { tamedFile } from './bidi.ts';
import { useMailPage } from './context.ts';
import { FileActions } from './files/actions.tsx';
import { useAsked } from './use-asked.ts';
import { isTooLarge } from './viewers/kind.ts';
import type { ViewedFile } from './viewers/viewer.tsx';
import { faultText, sizeText } from './words.ts';

const Viewer = lazy(async () => ({ default: (await import('./viewers/viewer.tsx')).Viewer }));

/** What is attached; each is looked at here, and what cannot be shown says so. */
export function Attachments({ attachments }: { attachments: readonly Attachment[] }) {
  const { t } = useLingui();
  const { attachments: mayOpen } = useRules();
  const [shown, setShown] = useState<Attachment | null>(null);
  return (
    <>
      <ul className="fa-mail__attachments" aria-label={t`Anhänge`}>
        {attachments.map((one) => (
          <li key={`${one.blobId} ${one.name}`}>
            {!mayOpen || isTooLarge(one.sizeBytes) ? (
              <span className="fa-mail__attachment fa-mail__attachment--shut">
                <Words attachment={one} />
                {mayOpen && (
                  <span className="fa-muted fa-small">
                    <Trans>zu groß, um es hier zu öffnen</Trans>
                  </span>
                )}
              </span>
            ) : (
              <button type="button" className="fa-mail__attachment" onClick={() => setShown(one)}>
                <Words attachment={one} />
              </button>
            )}
          </li>
        ))}
      </ul>
      {!mayOpen && (
        <p className="fa-muted fa-small">
          <Trans>Ihre Verwaltung lässt Sie hier keine Anhänge öffnen.</Trans>
        </p>
      )}
      <Dialog
        title={tamedFile(shown?.name ?? '') || t`Anhang`}
        wide
        isOpen={mayOpen && shown !== null}
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
      <bdi className="fa-mail__file">{tamedFile(name) || t`Ohne Namen`}</bdi>
      <span className="fa-muted fa-nowrap">{sizeText(sizeBytes)}</span>
    </>
  );
}

/** A picture of what kind of file it is. */
export function iconOf({ type }: { type: string }): string {
  if (/^message\//i.test(type)) return icons.iconMail;
  return /^image\//i.test(type) ? icons.iconImage : icons.iconDescription;
}

function Content({ attachment }: { attachment: Attachment }) {
  const { mail } = useMailPage();
  const { blobId, name, type } = attachment;
  const asked = useAsked(mail, blobId, () => mail.attachment(blobId));
  const bytes = asked.data;
  const file = useMemo<ViewedFile | null>(
    () => (bytes ? { name, type, bytes, blobId } : null),
    [name, type, bytes, blobId],
  );
  if (asked.fault !== undefined) {
    const { what, next } = faultText(asked.fault);
    return (
      <Alert tone="danger" live="assertive" title={what}>
        <p>{next}</p>
      </Alert>
    );
  }
  if (!file) return asked.slow ? <Loading /> : null;
  return (
    <>
      <FileActions file={file} />
      <Suspense fallback={<Loading />}>
        <Viewer file={file} />
      </Suspense>
    </>
  );
}
