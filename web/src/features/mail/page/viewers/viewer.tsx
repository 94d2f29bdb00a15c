import { useLingui } from '@lingui/react/macro';
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useState } from 'react';
import { formatLocale } from '../../../../i18n/index.ts';
import { Alert, Loading } from '../../../../ui/notice.tsx';
import { tamedFile } from '../bidi.ts';
import { dataUrlOf } from './data-url.ts';
import { kindOf } from './kind.ts';
import { readAside } from './office/aside.ts';
import { Unreadable } from './office/limits.ts';
import type { OfficeFile } from './office/read.ts';
import type { Shown } from './office/shown.ts';
import { isDrawable } from './pixels.ts';
import { PlainView } from './plain-view.tsx';
import { failureText, remarkText } from './words.ts';
import './viewers.css';

const PdfView = lazy(async () => ({ default: (await import('./pdf/pdf-view.tsx')).PdfView }));
const DocumentView = lazy(async () => ({
  default: (await import('./document-view.tsx')).DocumentView,
}));
const TableView = lazy(async () => ({ default: (await import('./table-view.tsx')).TableView }));
const MailView = lazy(async () => ({ default: (await import('./mail-view.tsx')).MailView }));

export type ViewedFile = {
  name: string;
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
  /** What the server calls it; null where it does not know it. */
  blobId: string | null;
};

/** Shows a foreign file out of memory, as what its bytes say it is; or says why not. */
export function Viewer({ file }: { file: ViewedFile }) {
  const [failure, setFailure] = useState<unknown>(null);
  const { name, type, bytes } = file;
  const kind = useMemo(() => kindOf(name, type, bytes), [name, type, bytes]);
  const fail = useCallback(
    (reason: unknown) => setFailure(reason ?? new Unreadable('damaged')),
    [],
  );
  if (failure !== null) return <Failure failure={failure} />;
  const shown = (): ReactNode => {
    switch (kind.is) {
      case 'picture':
        return isDrawable(kind.pixels) ? (
          <Picture name={name} type={kind.pixels.type} bytes={bytes} onFailure={fail} />
        ) : (
          <Failure failure={new Unreadable('too_large')} />
        );
      case 'pdf':
        return <PdfView bytes={bytes} onFailure={fail} />;
      case 'office':
      case 'csv':
        return <Office file={file} as={kind.is} onFailure={fail} />;
      case 'mail':
        return <MailView blobId={file.blobId} bytes={bytes} />;
      case 'text':
        return <PlainView bytes={bytes} />;
      case 'none':
        return <Failure failure={new Unreadable('unknown')} />;
    }
  };
  return (
    <div className="fa-viewer">
      <Suspense fallback={<Loading />}>{shown()}</Suspense>
    </div>
  );
}

function Failure({ failure }: { failure: unknown }) {
  const { what, next } = failureText(failure);
  return (
    <Alert tone="warning" live="polite" title={what}>
      <p>{next}</p>
    </Alert>
  );
}

type PictureProps = {
  name: string;
  type: string;
  bytes: Uint8Array;
  onFailure: (failure: unknown) => void;
};

function Picture({ name, type, bytes, onFailure }: PictureProps) {
  const address = useMemo(() => dataUrlOf(type, bytes), [type, bytes]);
  return (
    <img
      className="fa-mail__picture"
      src={address}
      alt={tamedFile(name)}
      decoding="async"
      onError={() => onFailure(new Unreadable('damaged'))}
    />
  );
}

type OfficeProps = {
  file: ViewedFile;
  as: OfficeFile['as'];
  onFailure: (failure: unknown) => void;
};

function Office({ file, as, onFailure }: OfficeProps) {
  const { t } = useLingui();
  const { name, bytes } = file;
  const [shown, setShown] = useState<Shown | null>(null);
  useEffect(() => {
    let isLeft = false;
    readAside({ bytes, name, as, locale: formatLocale() }).then(
      (read) => {
        if (!isLeft) setShown(read);
      },
      (failure: unknown) => {
        if (!isLeft) onFailure(failure);
      },
    );
    return () => {
      isLeft = true;
    };
  }, [bytes, name, as, onFailure]);
  if (!shown) return <Loading />;
  return (
    <>
      {shown.remarks.length > 0 && (
        <ul className="fa-viewer__remarks fa-muted fa-small">
          {shown.remarks.map((remark) => (
            <li key={remark}>{remarkText(remark)}</li>
          ))}
        </ul>
      )}
      {shown.kind === 'tables' ? (
        <TableView sheets={shown.sheets} />
      ) : (
        <DocumentView
          parts={shown.parts}
          pictures={shown.pictures}
          title={tamedFile(name) || t`Dokument`}
        />
      )}
    </>
  );
}
