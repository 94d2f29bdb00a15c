import { Trans } from '@lingui/react/macro';
import { lazy, Suspense, useEffect, useState } from 'react';
import { Loading } from '../../../../ui/notice.tsx';
import type { ReadEmail } from '../../model.ts';
import { Attachments } from '../attachments.tsx';
import { tamed } from '../bidi.ts';
import { useMailPage } from '../context.ts';
import { isTooMuch } from '../html/plain.ts';
import { inlinePictures } from '../pictures.ts';
import { TextView } from '../text-view.tsx';
import { fullDate, namesOf, writtenBy } from '../words.ts';
import { PlainView } from './plain-view.tsx';

const LongText = lazy(async () => ({
  default: (await import('../html/html-view.tsx')).LongText,
}));
const HtmlView = lazy(async () => ({
  default: (await import('../html/html-view.tsx')).HtmlView,
}));

type Asked = { email: ReadEmail; inline: ReadonlyMap<string, string> } | 'asking' | 'not here';

/** A message within a message. The server reads it; where it cannot be asked, it is shown as the text that it is. */
export function MailView({ blobId, bytes }: { blobId: string | null; bytes: Uint8Array }) {
  const { mail } = useMailPage();
  const [asked, setAsked] = useState<Asked>(blobId === null ? 'not here' : 'asking');
  useEffect(() => {
    let isLeft = false;
    const ask = async () => {
      if (blobId === null) return;
      const email = await mail.readEmail(blobId);
      const inline = email.body.html
        ? await inlinePictures(mail, email.body.attachments)
        : new Map();
      if (!isLeft) setAsked({ email, inline });
    };
    ask().catch(() => {
      if (!isLeft) setAsked('not here');
    });
    return () => {
      isLeft = true;
    };
  }, [mail, blobId]);
  if (asked === 'asking') return <Loading />;
  if (asked === 'not here') {
    return (
      <>
        <p className="fa-muted">
          <Trans>
            Die Nachricht steht hier, wie sie übertragen wurde. Aufbereitet wird sie nur mit
            Verbindung.
          </Trans>
        </p>
        <PlainView bytes={bytes} />
      </>
    );
  }
  const { email, inline } = asked;
  const { html, text, attachments } = email.body;
  return (
    <div className="fa-mail__inner">
      <h3>
        <bdi>{tamed(email.subject) || <Trans>(ohne Betreff)</Trans>}</bdi>
      </h3>
      <dl className="fa-mail__addresses">
        <div>
          <dt>
            <Trans>Von</Trans>
          </dt>
          <dd>{writtenBy(email)}</dd>
        </div>
        <div>
          <dt>
            <Trans>An</Trans>
          </dt>
          <dd>{namesOf(email.to)}</dd>
        </div>
        {email.sentAtMs !== null && (
          <div>
            <dt>
              <Trans>Datum</Trans>
            </dt>
            <dd>{fullDate(email.sentAtMs)}</dd>
          </div>
        )}
      </dl>
      {html === null || (isTooMuch(html) && text?.trim()) ? (
        <TextView text={text ?? ''} />
      ) : (
        <Suspense fallback={<Loading />}>
          {isTooMuch(html) ? (
            <LongText html={html} />
          ) : (
            <HtmlView html={html} pictures={inline} load={null} fill={false} />
          )}
        </Suspense>
      )}
      {attachments.length > 0 && <Attachments attachments={attachments} />}
    </div>
  );
}
