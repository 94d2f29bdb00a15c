import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useMemo, useRef, useState } from 'react';
import { locale } from '../../../../i18n/index.ts';
import { IconButton } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import { useRules } from '../../guard/rules.ts';
import { cleanHtml } from '../html/clean.ts';
import { pageNonce } from '../html/html-view.tsx';

type DocumentViewProps = {
  parts: string[];
  pictures: ReadonlyMap<string, string>;
  title: string;
};

/** A text made of a foreign document, in a frame where nothing runs and from which nothing leaves. */
export function DocumentView({ parts, pictures, title }: DocumentViewProps) {
  const { t } = useLingui();
  const { copyOut, print } = useRules();
  const [at, setAt] = useState(0);
  const frame = useRef<HTMLIFrameElement>(null);
  const html = parts[at] ?? '';
  const clean = useMemo(
    () =>
      cleanHtml(html, {
        pictures,
        nonce: pageNonce(),
        guarded: { copy: !copyOut, print: !print },
        words: {
          leadsTo: (host) => t`führt zu ${host}`,
          picture: t`Bild nicht geladen`,
          title,
          language: locale(),
        },
      }),
    [html, pictures, title, t, copyOut, print],
  );
  useEffect(() => {
    // React would make a plain text of it.
    if (frame.current && clean) frame.current.srcdoc = clean.document as unknown as string;
  }, [clean]);
  if (parts.length === 0 || !clean) {
    return (
      <p className="fa-muted">
        <Trans>Die Datei ist leer.</Trans>
      </p>
    );
  }
  const [place, count] = [at + 1, parts.length];
  return (
    <div className="fa-document">
      {parts.length > 1 && (
        <div className="fa-row">
          <IconButton
            label={t`Voriger Teil`}
            icon={icons.iconChevronLeft}
            isDisabled={at === 0}
            onPress={() => setAt(at - 1)}
          />
          <span role="status">
            <Trans>
              Teil {place} von {count}
            </Trans>
          </span>
          <IconButton
            label={t`Nächster Teil`}
            icon={icons.iconChevronRight}
            isDisabled={at + 1 >= parts.length}
            onPress={() => setAt(at + 1)}
          />
        </div>
      )}
      <iframe
        ref={frame}
        title={title}
        className="fa-mail__html fa-document__frame"
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
      />
    </div>
  );
}
