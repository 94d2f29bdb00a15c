// @vitest-environment node
import { expect, it, vi } from 'vitest';
import { docxOf, odfOf, pngOf, xlsxOf, zipOf } from './files.fixture.ts';
import { LIMITS, Unreadable } from './limits.ts';
import { readOffice } from './read.ts';
import type { Shown } from './shown.ts';

// Bombs take a while to make: a busy machine takes long for it.
vi.setConfig({ testTimeout: 60_000 });

type Bytes = Uint8Array<ArrayBuffer>;
const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);

const read = (bytes: Bytes, as: 'office' | 'csv' = 'office') =>
  readOffice({ bytes, name: 'Datei', as, locale: 'de-DE' });

async function document(bytes: Bytes): Promise<Extract<Shown, { kind: 'document' }>> {
  const shown = await read(bytes);
  if (shown.kind !== 'document') throw new Error('a table');
  return shown;
}

async function cells(
  bytes: Bytes,
  as: 'office' | 'csv' = 'office',
): Promise<[string, ...string[]][]> {
  const shown = await read(bytes, as);
  if (shown.kind !== 'tables') throw new Error('a document');
  return shown.sheets.map(({ name, rows }) => [
    name,
    ...rows.map(({ number, cells: row }) => `${number}: ${row.join('|')}`),
  ]);
}

const refused = (bytes: Bytes, kind: string) =>
  expect(read(bytes)).rejects.toMatchObject({ name: 'Unreadable', kind });

const p = (text: string, properties = '') =>
  `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t>${text}</w:t></w:r></w:p>`;

it('shows the words of a text of Word, with headings, looks, links and breaks', async () => {
  const body = `${p('Antrag', '<w:outlineLvl w:val="0"/>')}
    <w:p><w:r><w:t xml:space="preserve">Guten </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>T</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>ag</w:t></w:r>
    <w:r><w:br/></w:r><w:hyperlink r:id="r9"><w:r><w:t>hier &lt;b&gt;</w:t></w:r></w:hyperlink></w:p>
    <w:p><w:del><w:r><w:delText>alt</w:delText></w:r></w:del><w:ins><w:r><w:t>neu</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>unsichtbar</w:t></w:r></w:p>`;
  const relations = [
    {
      id: 'r9',
      type: 'hyperlink',
      target: 'https://kreis.example/?a=1&amp;b="x"'.replaceAll('"', '&quot;'),
      outside: true,
    },
  ];
  const { parts, remarks } = await document(docxOf(body, relations));
  expect(parts).toEqual([
    '<h1>Antrag</h1>\n<p>Guten <b>Tag</b><br><a href="https://kreis.example/?a=1&amp;b=&quot;x&quot;">hier &lt;b&gt;</a></p>\n<p><s>alt</s>neu</p>',
  ]);
  expect(remarks).toEqual([]);
});

it('counts the lists of Word as Word does', async () => {
  const list = (text: string, depth = 0) =>
    p(text, `<w:numPr><w:ilvl w:val="${depth}"/><w:numId w:val="5"/></w:numPr>`);
  const numbering = `<w:numbering><w:abstractNum w:abstractNumId="1">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
    </w:abstractNum><w:num w:numId="5"><w:abstractNumId w:val="1"/></w:num></w:numbering>`;
  const body =
    list('eins') +
    list('zwei') +
    list('darin', 1) +
    list('noch', 1) +
    list('drei') +
    list('neu', 1);
  const relations = [{ id: 'n', type: 'numbering', target: 'numbering.xml' }];
  const { parts } = await document(docxOf(body, relations, { 'word/numbering.xml': numbering }));
  const marks = [...(parts[0] ?? '').matchAll(/>([^<&]*?)\u00a0/g)].map(([, mark]) => mark);
  expect(marks).toEqual(['1.', '2.', '2.a)', '2.b)', '3.', '3.a)']);
});

it('draws tables with cells that go over several columns and rows', async () => {
  const cell = (text: string, more = '') => `<w:tc><w:tcPr>${more}</w:tcPr>${p(text)}</w:tc>`;
  const body = `<w:tbl><w:tr>${cell('a', '<w:vMerge w:val="restart"/>')}${cell('b', '<w:gridSpan w:val="2"/>')}</w:tr>
    <w:tr>${cell('', '<w:vMerge/>')}${cell('c')}${cell('d')}</w:tr></w:tbl>`;
  const { parts } = await document(docxOf(body));
  expect(parts[0]?.match(/<td[^>]*>/g)).toEqual([
    '<td valign="top" rowspan="2">',
    '<td valign="top" colspan="2">',
    '<td valign="top">',
    '<td valign="top">',
  ]);
});

it('shows pictures that lie in the file, and fetches none that do not', async () => {
  const drawing = (id: string) =>
    `<w:p><w:r><w:drawing><wp:docPr descr="Plan &quot;Süd&quot;"/><a:blip r:embed="${id}"/></w:drawing></w:r></w:p>`;
  const relations = [
    { id: 'r1', type: 'image', target: 'media/a.png' },
    { id: 'r2', type: 'image', target: 'https://evil.example/t.png', outside: true },
    { id: 'r3', type: 'image', target: 'media/huge.png' },
    { id: 'r4', type: 'image', target: '../../../etc/passwd' },
    { id: 'r5', type: 'attachedTemplate', target: 'file://evil.example/x.dotm', outside: true },
  ];
  const body = ['r1', 'r2', 'r3', 'r4'].map(drawing).join('');
  const file = docxOf(body, relations, {
    'word/media/a.png': pngOf(),
    'word/media/huge.png': pngOf(100_000, 100_000),
    'word/vbaProject.bin': 'x',
  });
  const { parts, pictures, remarks } = await document(file);
  expect([...pictures.keys()]).toEqual(['word/media/a.png']);
  expect(pictures.get('word/media/a.png')).toMatch(/^data:image\/png;base64,iVBOR/);
  expect(parts[0]).toContain('<img src="cid:word%2Fmedia%2Fa.png" alt="Plan &quot;Süd&quot;">');
  expect(parts.join()).not.toContain('evil.example');
  expect(remarks.sort()).toEqual(['macros', 'outside', 'pictures']);
});

it('shows what an OpenDocument text says', async () => {
  const styles =
    '<style:style style:name="T1"><style:text-properties fo:font-weight="bold"/></style:style>';
  const body = `<text:h text:outline-level="2">Vermerk</text:h>
    <text:p>Ein<text:s text:c="2"/><text:span text:style-name="T1">fetter</text:span> Satz<text:line-break/>
    <text:a xlink:href="javascript:x">Link</text:a><text:note><text:note-body><text:p>Fuß</text:p></text:note-body></text:note></text:p>
    <text:list><text:list-item><text:p>Punkt</text:p></text:list-item></text:list>
    <text:p><draw:frame><draw:image xlink:href="https://evil.example/x.png"/></draw:frame></text:p>`;
  const { parts, remarks } = await document(odfOf('text', body, { styles }));
  const text = parts[0] ?? '';
  expect(text).toContain('<h2>Vermerk</h2>');
  expect(text).toContain('Ein\u00a0\u00a0<b>fetter</b> Satz<br>');
  expect(text).toContain('•&nbsp;Punkt');
  expect(text).toContain('<sup>1</sup>');
  expect(text).not.toMatch(/javascript|evil/);
  expect(remarks).toEqual(['outside']);
});

it('shows the values of a workbook as people write them', async () => {
  const strings =
    '<sst><si><t>Titel</t></si><si><r><t>Straßen</t></r><r><t>laternen</t></r><rPh><t>x</t></rPh></si></sst>';
  const styles =
    '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="#,##0.00\\ &quot;€&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="9"/><xf numFmtId="20"/></cellXfs></styleSheet>';
  const rows = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="s"><v>1</v></c></row>
    <row r="4"><c r="A4" s="1"><v>46349</v></c><c r="B4" s="2"><v>1234.5</v></c><c r="C4" s="3"><v>0.19</v></c><c r="D4" s="4"><v>0.5</v></c>
    <c r="E4" t="b"><v>1</v></c><c r="F4" t="inlineStr"><is><t>frei</t></is></c><c r="G4"><f>1+1</f><v>2</v></c></row>`;
  const more = { 'xl/sharedStrings.xml': strings, 'xl/styles.xml': styles };
  expect(await cells(xlsxOf(rows, more))).toEqual([
    [
      'Haushalt',
      '1: Titel||Straßenlaternen',
      '4: 23.11.2026|1.234,50\u00a0€|19\u00a0%|12:00|✓|frei|2',
    ],
  ]);
});

it('writes repeated cells of an OpenDocument table once, whatever their number', async () => {
  const body = `<table:table table:name="A"><table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16000"/></table:table-row>
    <table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>x</text:p><text:p>y</text:p></table:table-cell><table:table-cell><office:annotation><text:p>geheim</text:p></office:annotation><text:p>1,5</text:p></table:table-cell></table:table-row></table:table>`;
  expect(await cells(odfOf('spreadsheet', body))).toEqual([['A', '1048001: x\ny|x\ny|1,5']]);
});

it('reads tables between separators', async () => {
  const text = 'Titel;Betrag\r\n"Laternen; ""neu""";12,50\r\n\r\n"Zeile\nzwei";3';
  expect(await cells(bytesOf(text), 'csv')).toEqual([
    ['Datei', '1: Titel|Betrag', '2: Laternen; "neu"|12,50', '4: Zeile\nzwei|3'],
  ]);
  expect(await cells(new Uint8Array([0xc4, 0x2c, 0x31]), 'csv')).toEqual([['Datei', '1: Ä|1']]);
  expect(await cells(bytesOf('"offen'), 'csv')).toEqual([['Datei', '1: offen']]);
});

it('says of closed, old and other files what they are', async () => {
  const ole = (text: string) =>
    new Uint8Array([0xd0, 0xcf, 0x11, 0xe0, ...Array(60).fill(0), ...Buffer.from(text, 'utf16le')]);
  await refused(ole('WordDocument'), 'old');
  await refused(ole('EncryptedPackage'), 'encrypted');
  await refused(zipOf({ 'a.txt': 'x' }), 'unknown');
  await refused(zipOf({ '[Content_Types].xml': '', 'ppt/presentation.xml': '' }), 'unknown');
  const manifest = '<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>';
  await refused(odfOf('text', '', { more: { 'META-INF/manifest.xml': manifest } }), 'encrypted');
  await refused(bytesOf('PK\x03\x04 and no end'), 'damaged');
  await refused(docxOf('<w:p>'), 'damaged');
});

it('unpacks no bomb: too many bytes, entities, elements in one another', async () => {
  const big = 'a'.repeat(LIMITS.partBytes + 1);
  await refused(docxOf('', [], { 'word/document.xml': big }), 'too_large');
  // What an entry says of its size is not what counts.
  const liar = [
    { name: '[Content_Types].xml', content: '' },
    { name: 'word/document.xml', content: big, says: 10 },
  ];
  await refused(zipOf(liar), 'too_large');
  const laughs =
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><w:document>&b;</w:document>';
  await refused(docxOf('', [], { 'word/document.xml': laughs }), 'damaged');
  await refused(docxOf('<w:p>'.repeat(5_000) + '</w:p>'.repeat(5_000)), 'too_large');
  await refused(docxOf('<w:p/>'.repeat(LIMITS.xmlNodes)), 'too_large');
  const attributes = Array.from({ length: 500 }, (_, at) => `a${at}=""`).join(' ');
  await refused(docxOf(`<w:p ${attributes}/>`), 'too_large');
  const names = Array.from({ length: LIMITS.zipEntries + 1 }, (_, at) => [`${at}`, ''] as const);
  await refused(zipOf(Object.fromEntries(names)), 'too_large');
});

it('shows the beginning of what is too long', async () => {
  const rows = Array.from(
    { length: LIMITS.rows + 10 },
    (_, at) => `<row r="${at + 1}"><c r="A${at + 1}"><v>1</v></c></row>`,
  );
  const shown = await read(xlsxOf(rows.join('')));
  expect(shown.remarks).toEqual(['shortened']);
  expect(shown.kind === 'tables' && shown.sheets[0]?.rows.length).toBe(LIMITS.rows);
  const wide = await read(
    xlsxOf(`<row r="1"><c r="XFD1"><v>1</v></c><c r="A1"><v>2</v></c></row>`),
  );
  expect(wide.remarks).toEqual(['shortened']);
  const long = await document(docxOf(p('x'.repeat(1_000)).repeat(1_000)));
  expect(long.parts.length).toBeGreaterThan(1);
  expect(long.remarks).toEqual([]);
});

it('takes no harm from bytes that were changed or cut', async () => {
  const files = [
    docxOf(p('Antrag')),
    xlsxOf('<row r="1"><c r="A1"><v>1</v></c></row>'),
    odfOf('text', '<text:p>x</text:p>'),
  ];
  for (const file of files) {
    for (let at = 0; at < file.length; at += 7) {
      const changed = file.slice();
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      for (const one of [changed, file.slice(0, at)]) {
        await read(one).catch((error: unknown) => expect(error).toBeInstanceOf(Unreadable));
      }
    }
  }
});
