import { useLingui } from '@lingui/react/macro';
import { RenderingCancelledException, TextLayer } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { useEffect, useRef, useState } from 'react';
import { plain } from './find.ts';
import { MAX_CANVAS_PIXELS, type Pdf, type PdfPage } from './open-pdf.ts';

/** A page with more pieces of text than this is drawn without a layer of words. */
const MAX_TEXT_PIECES = 20_000;
const MAX_DOTS_PER_PIXEL = 2;

type PdfPageProps = {
  pdf: Pdf;
  number: number;
  /** How wide it is drawn, in pixels. */
  width: number;
  /** What is looked for: it is marked. */
  words: string;
  onFailure: (failure: unknown) => void;
};

/** One page: its picture, and over it the words, for readers, for marking and for the search. */
export function PdfPageView({ pdf, number, width, words, onFailure }: PdfPageProps) {
  const { t } = useLingui();
  const canvas = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState<{ times: number; number: number }>({ times: 0, number: 0 });
  useEffect(() => {
    let isLeft = false;
    let stop = () => {};
    const draw = async () => {
      const page = await pdf.page(number);
      if (isLeft || !canvas.current || !layer.current) return;
      stop = await drawPage(
        pdf,
        page,
        { canvas: canvas.current, layer: layer.current, width },
        () => isLeft,
      );
      if (!isLeft) setDrawn(({ times }) => ({ times: times + 1, number }));
    };
    draw().catch((failure: unknown) => {
      if (!isLeft && !(failure instanceof RenderingCancelledException)) onFailure(failure);
    });
    return () => {
      isLeft = true;
      stop();
    };
  }, [pdf, number, width, onFailure]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is drawn anew is marked anew
  useEffect(() => {
    if (layer.current) mark(layer.current, words);
  }, [words, drawn]);
  return (
    <div
      className="fa-pdf__page"
      role="document"
      aria-label={t`Seite ${number}`}
      aria-busy={drawn.number !== number}
    >
      <div aria-hidden="true">
        <canvas ref={canvas} />
      </div>
      <div ref={layer} className="fa-pdf__words textLayer" />
    </div>
  );
}

type Place = { canvas: HTMLCanvasElement; layer: HTMLElement; width: number };

/** Draws a page in place of what was there; what is returned breaks it off. */
async function drawPage(
  pdf: Pdf,
  page: PdfPage,
  { canvas, layer, width }: Place,
  isLeft: () => boolean,
): Promise<() => void> {
  const natural = page.getViewport({ scale: 1 });
  const scale = width / natural.width;
  const viewport = page.getViewport({ scale });
  const dots = Math.min(devicePixelRatio || 1, MAX_DOTS_PER_PIXEL);
  const most = Math.sqrt(MAX_CANVAS_PIXELS / Math.max(1, viewport.width * viewport.height));
  const sharp = page.getViewport({ scale: scale * Math.min(dots, most) });
  // Drawn aside, so that the page before it stays until then.
  const aside = document.createElement('canvas');
  aside.width = Math.max(1, Math.floor(sharp.width));
  aside.height = Math.max(1, Math.floor(sharp.height));
  const drawing = page.render({ canvas: aside, viewport: sharp, background: '#ffffff' });
  const watch = setInterval(() => isLeft() && drawing.cancel(), 100);
  try {
    await pdf.drawn(drawing.promise);
  } finally {
    clearInterval(watch);
    drawing.cancel();
  }
  const text = await pdf.text(page);
  if (isLeft()) return () => {};
  canvas.width = aside.width;
  canvas.height = aside.height;
  canvas.style.width = `${viewport.width}px`;
  canvas.style.height = `${viewport.height}px`;
  canvas.getContext('2d')?.drawImage(aside, 0, 0);
  layer.replaceChildren();
  layer.style.setProperty('--total-scale-factor', String(scale));
  if (text.items.length > MAX_TEXT_PIECES) return () => {};
  const words = new TextLayer({ textContentSource: text, container: layer, viewport });
  await words.render();
  return () => words.cancel();
}

function mark(layer: HTMLElement, words: string): void {
  const wanted = plain(words);
  for (const piece of layer.querySelectorAll('span')) {
    const isFound = wanted !== '' && plain(piece.textContent ?? '').includes(wanted);
    piece.classList.toggle('fa-pdf__found', isFound);
  }
  layer.querySelector('.fa-pdf__found')?.scrollIntoView({ block: 'nearest' });
}
