import { deflateSync } from 'node:zlib';

/** A PDF of these objects, numbered from 1; the first is the catalogue. */
export function pdfOf(objects: (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  let at = parts[0]?.length ?? 0;
  const places = objects.map((object, index) => {
    const part = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      Buffer.from(object as string),
      Buffer.from('\nendobj\n'),
    ]);
    parts.push(part);
    at += part.length;
    return at - part.length;
  });
  const rows = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`);
  const size = objects.length + 1;
  const tail = `xref\n0 ${size}\n0000000000 65535 f \n${rows.join('')}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([...parts, Buffer.from(tail)]);
}

/** A stream of a PDF, deflated as often as is said. */
export function stream(content: string | Buffer, dictionary = '', times = 1): Buffer {
  let packed = Buffer.from(content as string);
  for (let left = times; left > 0; left -= 1) packed = deflateSync(packed, { level: 9 });
  const filters = Array(times).fill('/FlateDecode').join(' ');
  return Buffer.concat([
    Buffer.from(`<< /Length ${packed.length} /Filter [${filters}] ${dictionary} >>\nstream\n`),
    packed,
    Buffer.from('\nendstream'),
  ]);
}

export type PdfPlan = {
  /** What the pages draw besides their words; what stands here of each. */
  pages: string[];
  /** Further entries of the catalogue, of each page and of its resources. */
  catalogue?: string;
  page?: string;
  resources?: string;
  /** Objects from this number on: 10. */
  more?: (string | Buffer)[];
};

const FIRST_OF_MORE = 10;

/** A PDF with a font and a page for each content; further objects begin at number 10. */
export function plainPdf({
  pages,
  catalogue = '',
  page = '',
  resources = '',
  more = [],
}: PdfPlan): Buffer {
  const fill = Array.from({ length: FIRST_OF_MORE - 4 }, () => 'null');
  const from = FIRST_OF_MORE + more.length;
  const kids = pages.map((_, at) => `${from + at * 2} 0 R`).join(' ');
  const drawn = pages.flatMap((content, at) => [
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${from + at * 2 + 1} 0 R /Resources << /Font << /F1 3 0 R >> ${resources} >> ${page} >>`,
    stream(content),
  ]);
  return pdfOf([
    `<< /Type /Catalog /Pages 2 0 R ${catalogue} >>`,
    `<< /Type /Pages /Count ${pages.length} /Kids [${kids}] >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...fill,
    ...more,
    ...drawn,
  ]);
}

/** What draws a line of text. */
export const words = (text: string, y = 780) => `BT /F1 18 Tf 60 ${y} Td (${text}) Tj ET\n`;
