import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useMemo, useRef } from 'react';
import { locale } from '../../../../i18n/index.ts';
import { Alert } from '../../../../ui/notice.tsx';
import { useRules } from '../../guard/rules.ts';
import type { LoadPicture } from '../pictures.ts';
import { TextView } from '../text-view.tsx';
import { doubtSentence } from '../words.ts';
import { cleanHtml } from './clean.ts';
import { PicturesLine } from './pictures-line.tsx';
import { plainText } from './plain.ts';
import { useRemote } from './use-remote.ts';

/** More warnings than this help nobody. */
const MAX_DOUBTS_SHOWN = 3;
const CHARS_PER_LINE = 80;
const LINE_REM = 1.6;
/** Longer than what the highest frame shows. */
const MEASURED_CHARS = 20_000;
const LEAST_REM = 24;
const MOST_REM = 60;

type HtmlViewProps = {
  html: string;
  /** Pictures that came with the message, by content id. */
  pictures: ReadonlyMap<string, string>;
  /** Has a picture fetched that lies elsewhere; null where nobody does. */
  load: LoadPicture | null;
  /** Whether that fetches those, too, that are not encrypted on their way. */
  unencrypted?: boolean;
  /** Takes what is left of the pane. */
  fill: boolean;
};

/** A foreign HTML text, cleaned and in a frame where nothing runs and from which nothing leaves. */
export function HtmlView({ html, pictures, load, unencrypted = true, fill }: HtmlViewProps) {
  const { t, i18n } = useLingui();
  const frame = useRef<HTMLIFrameElement>(null);
  const { locale: language } = i18n;
  const { copyOut, print } = useRules();
  const remote = useRemote(load);
  const { loaded } = remote;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the language changes the words
  const clean = useMemo(
    () =>
      cleanHtml(html, {
        pictures,
        loaded,
        unencrypted,
        nonce: pageNonce(),
        guarded: { copy: !copyOut, print: !print },
        words: {
          leadsTo: (host) => t`führt zu ${host}`,
          picture: t`Bild nicht geladen`,
          title: t`Text der Nachricht`,
          language: locale(),
        },
      }),
    [html, pictures, loaded, unencrypted, language, copyOut, print],
  );
  useEffect(() => {
    // React would make a plain text of it.
    if (frame.current && clean) frame.current.srcdoc = clean.document as unknown as string;
  }, [clean]);
  if (!clean) return <LongText html={html} />;
  return (
    <>
      {clean.doubts.length > 0 && (
        <Alert tone="warning" title={<Trans>Vorsicht bei den Links in dieser Nachricht</Trans>}>
          <ul className="fa-mail__doubts">
            {clean.doubts.slice(0, MAX_DOUBTS_SHOWN).map(({ shown, host, doubt }, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the list is fixed while it is shown
              <li key={at}>{doubtSentence(doubt, host, shown)}</li>
            ))}
          </ul>
        </Alert>
      )}
      <PicturesLine clean={clean} remote={remote} />
      <iframe
        ref={frame}
        title={t`Text der Nachricht`}
        className={`fa-mail__html ${fill ? 'fa-mail__html--fill' : ''}`}
        style={{ minHeight: `${heightOf(html)}rem` }}
        // Links open in tabs of their own; nothing else is allowed, and it is of no origin.
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
      />
    </>
  );
}

/** The words of what can not be drawn in good time. */
export function LongText({ html }: { html: string }) {
  return (
    <>
      <TextView text={plainText(html)} />
      <p className="fa-muted">
        <Trans>Die Nachricht ist sehr umfangreich und wird deshalb nur als Text gezeigt.</Trans>
      </p>
    </>
  );
}

/** By what the page's policy lets style sheets in. */
export function pageNonce(): string | null {
  const meta = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]');
  return meta?.nonce || meta?.getAttribute('nonce') || null;
}

/** What has no origin can not be measured: the text tells about how high it is. */
function heightOf(html: string): number {
  const start = html.slice(0, MEASURED_CHARS);
  const text = start.replace(/<style[\s\S]*?<\/style>/gi, '').replace(/<[^>]*>/g, '');
  const ends = start.match(/<(?:p|br|div|tr|li|h[1-6])\b/gi)?.length ?? 0;
  const rem = (text.length / CHARS_PER_LINE + ends) * LINE_REM;
  return Math.min(MOST_REM, Math.max(LEAST_REM, Math.round(rem)));
}
