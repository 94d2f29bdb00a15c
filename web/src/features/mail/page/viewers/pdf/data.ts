import { core, signs } from 'virtual:pdf-data';

type Kind = 'cMapUrl' | 'standardFontDataUrl' | 'wasmUrl';
type Packed = {
  bytes: Uint8Array<ArrayBuffer>;
  places: Record<string, [from: number, to: number]>;
};

const packed = new Map<string, Promise<Packed>>();

/** What pdf.js asks for while it reads: fonts, decoders and tables, all out of our own bundle. */
export class OwnPdfData {
  async fetch({
    kind,
    filename,
  }: {
    kind: Kind;
    filename: string;
  }): Promise<Uint8Array<ArrayBuffer>> {
    const address = kind === 'cMapUrl' ? signs : core;
    let asked = packed.get(address);
    if (!asked) {
      asked = unpacked(address);
      packed.set(address, asked);
      // Without a line it may not be there yet, and later it is.
      asked.catch(() => packed.delete(address));
    }
    const { bytes, places } = await asked;
    const place = Object.hasOwn(places, filename) ? places[filename] : undefined;
    if (!place) throw new Error(`there is no ${filename}`);
    return bytes.slice(...place);
  }
}

async function unpacked(address: string): Promise<Packed> {
  const { ok, body } = await fetch(address);
  if (!ok || !body) throw new Error('what PDFs need could not be loaded');
  const whole = new Response(body.pipeThrough(new DecompressionStream('gzip')));
  const buffer = await whole.arrayBuffer();
  const headBytes = new DataView(buffer).getUint32(0, true);
  const head = new TextDecoder().decode(new Uint8Array(buffer, 4, headBytes));
  return { bytes: new Uint8Array(buffer, 4 + headBytes), places: JSON.parse(head) };
}
