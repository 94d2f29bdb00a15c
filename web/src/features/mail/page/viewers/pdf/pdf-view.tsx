import { Trans, useLingui } from '@lingui/react/macro';
import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useRef,
  useState,
} from 'react';
import { IconButton } from '../../../../../ui/button.tsx';
import { icons } from '../../../../../ui/icon.tsx';
import { Loading } from '../../../../../ui/notice.tsx';
import { findIn, type Hits } from './find.ts';
import { openPdf, type Pdf } from './open-pdf.ts';
import { PdfPageView } from './pdf-page.tsx';

const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
const FITTING = 2;
/** Room for the bar at the side. */
const EDGE_PX = 24;
const USUAL_WIDTH_PX = 720;
const LEAST_WIDTH_PX = 200;
const QUIET_MS = 300;

/** Where the focus is while a file is on its way. */
const JUST_OPENED = '[role=dialog], .fa-dialog__head button';

type PdfViewProps = { bytes: Uint8Array<ArrayBuffer>; onFailure: (failure: unknown) => void };

/** A PDF, page by page: to read, enlarge and search. */
export function PdfView({ bytes, onFailure }: PdfViewProps) {
  const [pdf, setPdf] = useState<Pdf | null>(null);
  useEffect(() => {
    let isLeft = false;
    let opened: Pdf | undefined;
    openPdf(bytes).then(
      (now) => {
        opened = now;
        if (isLeft) now.close();
        else setPdf(now);
      },
      (failure: unknown) => {
        if (!isLeft) onFailure(failure);
      },
    );
    return () => {
      isLeft = true;
      opened?.close();
    };
  }, [bytes, onFailure]);
  return pdf ? <Opened pdf={pdf} onFailure={onFailure} /> : <Loading />;
}

function Opened({ pdf, onFailure }: { pdf: Pdf; onFailure: (failure: unknown) => void }) {
  const { t } = useLingui();
  const [number, setNumber] = useState(1);
  const [zoom, setZoom] = useState(FITTING);
  const [width, setWidth] = useState(USUAL_WIDTH_PX);
  const frame = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const go = useCallback(
    (to: number) => {
      setNumber(Math.min(Math.max(1, Math.trunc(to) || 1), pdf.pages));
      frame.current?.scrollTo({ top: 0 });
    },
    [pdf],
  );
  useEffect(() => {
    const measure = () => setWidth((frame.current?.clientWidth ?? USUAL_WIDTH_PX) - EDGE_PX);
    measure();
    window.addEventListener('resize', measure);
    return () => window.removeEventListener('resize', measure);
  }, []);
  useEffect(() => {
    // Keys turn pages at once. Whoever has gone on to something else meanwhile stays there.
    const at = document.activeElement;
    if (!at || at === document.body || at.matches(JUST_OPENED)) {
      frame.current?.focus({ preventScroll: true });
    }
  }, []);
  const enlarge = (by: number) =>
    setZoom((now) => Math.min(Math.max(0, now + by), ZOOMS.length - 1));
  const factor = ZOOMS[zoom] ?? 1;
  const found = useFound(pdf, number, go);
  const onKey = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f') {
      event.preventDefault();
      search.current?.focus();
      return;
    }
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey) return;
    const deeds = new Map<string, () => void>([
      ['PageDown', () => go(number + 1)],
      ['PageUp', () => go(number - 1)],
      ['Home', () => go(1)],
      ['End', () => go(pdf.pages)],
      ['+', () => enlarge(1)],
      ['-', () => enlarge(-1)],
    ]);
    const deed = deeds.get(event.key);
    if (!deed) return;
    event.preventDefault();
    deed();
  };
  const percent = Math.round(factor * 100);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would announce a form; keys go through to it from within
    <div className="fa-pdf" role="group" aria-label={t`PDF`} data-focus-home onKeyDown={onKey}>
      <div className="fa-pdf__bar">
        <IconButton
          label={t`Vorige Seite`}
          icon={icons.iconChevronLeft}
          isDisabled={number <= 1}
          onPress={() => go(number - 1)}
        />
        <PageField number={number} pages={pdf.pages} onGo={go} />
        <IconButton
          label={t`Nächste Seite`}
          icon={icons.iconChevronRight}
          isDisabled={number >= pdf.pages}
          onPress={() => go(number + 1)}
        />
        <IconButton
          label={t`Verkleinern`}
          icon={icons.iconZoomOut}
          isDisabled={zoom <= 0}
          onPress={() => enlarge(-1)}
        />
        <span className="fa-nowrap" role="status">
          {t`${percent} %`}
        </span>
        <IconButton
          label={t`Vergrößern`}
          icon={icons.iconZoomIn}
          isDisabled={zoom >= ZOOMS.length - 1}
          onPress={() => enlarge(1)}
        />
        <SearchField found={found} field={search} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="fa-pdf__frame" ref={frame} tabIndex={0} aria-label={t`Seite ${number}`}>
        <PdfPageView
          pdf={pdf}
          number={number}
          width={Math.max(LEAST_WIDTH_PX, width * factor)}
          words={found.words}
          onFailure={onFailure}
        />
      </section>
    </div>
  );
}

type PageFieldProps = { number: number; pages: number; onGo: (number: number) => void };

function PageField({ number, pages, onGo }: PageFieldProps) {
  const { t } = useLingui();
  const [typed, setTyped] = useState<string | null>(null);
  const leave = () => {
    if (typed !== null) onGo(Number(typed));
    setTyped(null);
  };
  return (
    <span className="fa-nowrap">
      <input
        className="fa-pdf__number"
        aria-label={t`Seite, von ${pages}`}
        inputMode="numeric"
        value={typed ?? String(number)}
        onChange={({ target }) => setTyped(target.value)}
        onBlur={leave}
        onKeyDown={({ key }) => key === 'Enter' && leave()}
      />{' '}
      <span aria-hidden="true">
        <Trans>von {pages}</Trans>
      </span>
    </span>
  );
}

type Found = {
  words: string;
  hits: Hits | null;
  /** Which of the places is shown. */
  at: number;
  look: (words: string) => void;
  step: (by: number) => void;
};

/** What was looked for, and where it stands. */
function useFound(pdf: Pdf, number: number, go: (number: number) => void): Found {
  const [words, setWords] = useState('');
  const [hits, setHits] = useState<Hits | null>(null);
  const [at, setAt] = useState(0);
  const from = useRef(number);
  from.current = number;
  useEffect(() => {
    setHits(null);
    if (words.trim() === '') return undefined;
    let isWanted = true;
    const timer = setTimeout(() => {
      void findIn(pdf, words, () => isWanted).then(
        (found) => {
          if (!isWanted) return;
          const next = found.pages.findIndex((page) => page >= from.current);
          const place = Math.max(0, next);
          setHits(found);
          setAt(place);
          const page = found.pages[place];
          if (page !== undefined && page !== from.current) go(page);
        },
        () => isWanted && setHits({ pages: [], isWhole: false }),
      );
    }, QUIET_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [pdf, words, go]);
  const step = (by: number) => {
    const count = hits?.pages.length ?? 0;
    if (!hits || count === 0) return;
    const next = (at + by + count) % count;
    setAt(next);
    go(hits.pages[next] ?? number);
  };
  return { words, hits, at, look: setWords, step };
}

type SearchFieldProps = { found: Found; field: RefObject<HTMLInputElement | null> };

function SearchField({ found, field }: SearchFieldProps) {
  const { t } = useLingui();
  const { words, hits, at, look, step } = found;
  const count = hits?.pages.length ?? 0;
  const place = at + 1;
  return (
    <search className="fa-pdf__search">
      <input
        ref={field}
        type="search"
        className="fa-pdf__find"
        aria-label={t`In der Datei suchen`}
        placeholder={t`Suchen`}
        maxLength={200}
        value={words}
        onChange={({ target }) => look(target.value)}
        onKeyDown={({ key, shiftKey }) => key === 'Enter' && step(shiftKey ? -1 : 1)}
      />
      <span role="status" className="fa-nowrap fa-small">
        {words.trim() !== '' &&
          (hits === null ? (
            <Trans>Sucht …</Trans>
          ) : count > 0 ? (
            <Trans>
              {place} von {count}
            </Trans>
          ) : hits.isWhole ? (
            <Trans>Nichts gefunden</Trans>
          ) : (
            <Trans>Im Anfang nichts gefunden</Trans>
          ))}
      </span>
    </search>
  );
}
