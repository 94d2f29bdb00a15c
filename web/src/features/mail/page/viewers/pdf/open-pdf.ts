import { getDocument, PDFWorker } from 'pdfjs-dist/legacy/build/pdf.mjs';
import workerAddress from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url';
import { ownScript } from '../../../../../app/own-script.ts';
import { LIMITS, Unreadable } from '../office/limits.ts';
import { MAX_PIXELS } from '../pixels.ts';
import { OwnPdfData } from './data.ts';

type PDFDocument = Awaited<ReturnType<typeof getDocument>['promise']>;
export type PdfPage = Awaited<ReturnType<PDFDocument['getPage']>>;
export type PdfText = Awaited<ReturnType<PdfPage['getTextContent']>>;

/** Until the worker's script is there. */
const STARTING_MS = 15_000;
/** No file takes longer to open, and no page to be read; what does ends the worker. */
export const READING_MS = 2_000;
/** Drawing goes on in steps between which the page answers, so a large plan may take a while. */
export const DRAWING_MS = 8_000;
/** Of what is drawn. */
export const MAX_CANVAS_PIXELS = 12_000_000;
const BYTES_PER_PIXEL = 4;
/** So many pages are counted. A file may say any number. */
const MAX_PAGES = 50_000;

/** A PDF that is open in a worker of its own. */
export type Pdf = {
  pages: number;
  page: (number: number) => Promise<PdfPage>;
  text: (page: PdfPage) => Promise<PdfText>;
  /** Waits for what is drawn; late, everything ends. */
  drawn: <T>(work: Promise<T>) => Promise<T>;
  close: () => void;
};

/**
 * Opens a PDF. Its programs are not run, its links lead nowhere, it fetches nothing, and its worker is ended when it takes
 * too long.
 */
export async function openPdf(bytes: Uint8Array<ArrayBuffer>): Promise<Pdf> {
  if (bytes.length > LIMITS.fileBytes) throw new Unreadable('too_large');
  const port = new Worker(ownScript(workerAddress), { type: 'module' });
  const worker = PDFWorker.create({ port });
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    worker.destroy();
    port.terminate();
  };
  const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Unreadable('slow')), ms);
    });
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      if (error instanceof Unreadable && error.kind === 'slow') close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    await within(STARTING_MS, worker.promise);
    const opening = getDocument({
      // It is handed over to the worker, and gone here.
      data: bytes.slice(),
      worker,
      BinaryDataFactory: OwnPdfData,
      useWorkerFetch: false,
      // Names alone: the factory knows where everything is.
      cMapUrl: 'signs/',
      standardFontDataUrl: 'core/',
      wasmUrl: 'core/',
      isEvalSupported: false,
      enableXfa: false,
      maxImageSize: MAX_PIXELS,
      canvasMaxAreaInBytes: MAX_CANVAS_PIXELS * BYTES_PER_PIXEL,
      verbosity: 0,
    });
    const document = await within(READING_MS, opening.promise);
    if (!(document.numPages >= 1)) throw new Unreadable('damaged');
    return {
      pages: Math.min(document.numPages, MAX_PAGES),
      page: (number) => within(READING_MS, document.getPage(number)).catch(told),
      text: (page) => within(READING_MS, page.getTextContent()).catch(told),
      drawn: (work) => within(DRAWING_MS, work),
      close,
    };
  } catch (error) {
    close();
    return told(error);
  }
}

function told(error: unknown): never {
  if (error instanceof Unreadable) throw error;
  const name = error instanceof Error ? error.name : '';
  throw new Unreadable(name === 'PasswordException' ? 'encrypted' : 'damaged');
}
