import { crc32, deflateRawSync } from 'node:zlib';

type Entry = {
  name: string;
  content: Uint8Array | string /** What it says of its size. */;
  says?: number;
};

/** A ZIP file of these parts, deflated. */
export function zipOf(
  parts: Record<string, Uint8Array | string> | Entry[],
): Uint8Array<ArrayBuffer> {
  const entries = Array.isArray(parts)
    ? parts
    : Object.entries(parts).map(([name, content]): Entry => ({ name, content }));
  const [locals, heads]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const { name, content, says } of entries) {
    const raw = Buffer.from(content as string);
    const packed = deflateRawSync(raw);
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt16LE(8, 4);
    head.writeUInt32LE(crc32(raw), 10);
    head.writeUInt32LE(packed.length, 14);
    head.writeUInt32LE(says ?? raw.length, 18);
    head.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), head, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    heads.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), head, tail, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(heads);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...locals, directory, end]));
}

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
type Relation = { id: string; type: string; target: string; outside?: boolean };

/** The part that says what another one refers to. */
export function relationsPart(relations: Relation[]): string {
  const all = relations.map(
    ({ id, type, target, outside }) =>
      `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"${outside ? ' TargetMode="External"' : ''}/>`,
  );
  return `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${all.join('')}</Relationships>`;
}

const TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>';

/** A text of Word with this body. */
export function docxOf(
  body: string,
  relations: Relation[] = [],
  more: Record<string, Uint8Array | string> = {},
): Uint8Array<ArrayBuffer> {
  const root = relationsPart([{ id: 'r1', type: 'officeDocument', target: 'word/document.xml' }]);
  return zipOf({
    '[Content_Types].xml': TYPES,
    '_rels/.rels': root,
    'word/_rels/document.xml.rels': relationsPart(relations),
    'word/document.xml': `<?xml version="1.0"?><w:document xmlns:w="w" xmlns:r="r"><w:body>${body}</w:body></w:document>`,
    ...more,
  });
}

/** A workbook of Excel with one sheet. */
export function xlsxOf(
  rows: string,
  more: Record<string, Uint8Array | string> = {},
): Uint8Array<ArrayBuffer> {
  return zipOf({
    '[Content_Types].xml': TYPES,
    '_rels/.rels': relationsPart([{ id: 'r1', type: 'officeDocument', target: 'xl/workbook.xml' }]),
    'xl/workbook.xml':
      '<workbook xmlns:r="r"><sheets><sheet name="Haushalt" sheetId="1" r:id="r1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': relationsPart([
      { id: 'r1', type: 'worksheet', target: 'worksheets/sheet1.xml' },
      { id: 'r2', type: 'sharedStrings', target: 'sharedStrings.xml' },
      { id: 'r3', type: 'styles', target: 'styles.xml' },
    ]),
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${rows}</sheetData></worksheet>`,
    ...more,
  });
}

/** A file of OpenDocument: `text` or `spreadsheet`. */
export function odfOf(
  kind: 'text' | 'spreadsheet',
  body: string,
  { styles = '', more = {} }: { styles?: string; more?: Record<string, Uint8Array | string> } = {},
): Uint8Array<ArrayBuffer> {
  return zipOf({
    mimetype: `application/vnd.oasis.opendocument.${kind}`,
    'content.xml': `<?xml version="1.0"?><office:document-content><office:automatic-styles>${styles}</office:automatic-styles><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
    ...more,
  });
}

/** A picture of one dot, by a head that says how large it is. */
export function pngOf(width = 1, height = 1): Uint8Array<ArrayBuffer> {
  const dot = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  dot.writeUInt32BE(width, 16);
  dot.writeUInt32BE(height, 20);
  return new Uint8Array(dot);
}
