// @vitest-environment node
import { expect, it } from 'vitest';
import { kindOf } from './kind.ts';
import { pngOf } from './office/files.fixture.ts';
import { isDrawable, MAX_PIXELS, pixelsOf, pixelsOfUrl } from './pixels.ts';

const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(
    Buffer.concat(
      parts.map((part) =>
        typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
      ),
    ),
  );
const zeros = (count: number) => Array<number>(count).fill(0);

const box = (width: number[], height: number[]) =>
  bytes('ispe', zeros(4), width, height, zeros(16));
/** Screen and first frame, behind a table of four colours and two extensions. */
function gif([width, height]: number[], frame: number[], at = [0, 0]): Uint8Array {
  const le = (...sides: (number | undefined)[]) =>
    sides.flatMap((side = 0) => [side & 0xff, side >> 8]);
  const head = [...le(width, height), 0x81, 0, 0, ...zeros(12)];
  const apart = [0x21, 0xf9, 4, ...zeros(4), 0, 0x21, 0xfe, 2, 0x2c, 0x2c, 1, 0x2c, 0];
  return bytes('GIF89a', head, apart, [0x2c, ...le(...at, ...frame), 0]);
}

const heads = {
  'image/png': pngOf(300, 200),
  'image/gif': gif([0, 0], [300, 200]),
  'image/jpeg': bytes([
    0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 11, 8, 0, 200, 1, 0x2c, 1,
  ]),
  'image/webp': bytes('RIFF', zeros(4), 'WEBPVP8X', zeros(8), [0x2b, 1, 0, 199, 0, 0]),
  'image/avif': bytes([0, 0, 0, 16], 'ftypavif', zeros(4), 'meta', [
    ...box([0, 0, 1, 0x2c], [0, 0, 0, 200]),
  ]),
};

it('reads how large a picture is from its head', () => {
  for (const [type, head] of Object.entries(heads)) {
    expect(pixelsOf(head)).toEqual({ type, width: 300, height: 200 });
  }
  expect(pixelsOf(bytes('RIFF', zeros(4), 'WEBPVP8L', zeros(5), [0x2b, 0xc1, 0x31, 0]))).toEqual({
    type: 'image/webp',
    width: 300,
    height: 200,
  });
  expect(pixelsOf(bytes('RIFF', zeros(4), 'WEBPVP8 ', zeros(10), [0x2c, 1, 200, 0]))).toEqual({
    type: 'image/webp',
    width: 300,
    height: 200,
  });
});

it('decodes none that asks for too much memory', () => {
  expect(isDrawable(pixelsOf(pngOf(5_000, 5_000)))).toBe(true);
  expect(isDrawable(pixelsOf(pngOf(MAX_PIXELS, 2)))).toBe(false);
  expect(isDrawable(pixelsOf(pngOf(0xffffffff, 0xffffffff)))).toBe(false);
  expect(isDrawable(null)).toBe(false);
});

it('takes a GIF to be as large as its screen or its first frame, whichever is larger', () => {
  const size = (...one: Parameters<typeof gif>) => {
    const pixels = pixelsOf(gif(...one));
    return [pixels?.width, pixels?.height];
  };
  expect(size([640, 480], [10, 10])).toEqual([640, 480]);
  expect(size([1, 1], [300, 200])).toEqual([300, 200]);
  expect(size([310, 1], [300, 200], [5, 7])).toEqual([310, 207]);
  expect(isDrawable(pixelsOf(gif([1, 1], [20_000, 20_000])))).toBe(false);
  // No frame within what is looked at: nobody knows how large it is.
  const far = Array.from({ length: 4_000 }, () => [255, ...zeros(255)]).flat();
  const head = bytes('GIF89a', zeros(7), [0x21, 0xfe]);
  expect(pixelsOf(bytes([...head], far, [0], [...gif([1, 1], [1, 1])].slice(-10)))).toBeNull();
  expect(pixelsOf(bytes('GIF89a', zeros(7), [0x3b]))).toBeNull();
});

it('reads the same from an address', () => {
  const url = (content: Uint8Array) =>
    `data:image/png;base64,${Buffer.from(content).toString('base64')}`;
  expect(pixelsOfUrl(url(pngOf(300, 200)))).toMatchObject({ width: 300, height: 200 });
  const spaced = url(gif([1, 1], [300, 200])).replace(/(?<=,.*)./g, '$& \n');
  expect(pixelsOfUrl(spaced)).toMatchObject({ type: 'image/gif', width: 300 });
  const late = bytes([0xff, 0xd8], [0xff, 0xe0, 0xff, 0xff], zeros(65_533), [
    ...heads['image/jpeg'].subarray(2),
  ]);
  expect(pixelsOfUrl(url(late))).toMatchObject({ type: 'image/jpeg', width: 300 });
  expect(pixelsOfUrl('data:image/png;base64,A===AAAA')).toBeNull();
  expect(pixelsOfUrl('data:image/png;base64,')).toBeNull();
});

it('takes no harm from heads that end early', () => {
  for (const head of Object.values(heads)) {
    for (let end = 0; end < head.length; end += 1)
      expect(() => pixelsOf(head.subarray(0, end))).not.toThrow();
  }
  expect(
    pixelsOf(bytes([0xff, 0xd8], ...Array.from({ length: 50 }, () => [0xff, 0xe0, 0, 0]))),
  ).toBeNull();
});

it('believes bytes before names', () => {
  const kind = (name: string, type: string, content: Uint8Array) => kindOf(name, type, content).is;
  expect(kind('rechnung.txt', 'text/plain', bytes('%PDF-1.7'))).toBe('pdf');
  expect(kind('bild.pdf', 'application/pdf', pngOf())).toBe('picture');
  expect(kind('bild.png', 'image/png', bytes('<svg onload="x()"/>'))).toBe('text');
  expect(kind('bild.svg', 'image/svg+xml', bytes('<svg onload="x()"/>'))).toBe('text');
  expect(kind('a', 'application/octet-stream', bytes('PK\x03\x04'))).toBe('office');
  expect(kind('a.doc', 'application/msword', bytes('\xd0\xcf\x11\xe0'))).toBe('office');
  expect(kind('a.eml', 'application/octet-stream', bytes('From: x'))).toBe('mail');
  expect(kind('a.csv', 'application/octet-stream', bytes('a;b'))).toBe('csv');
  expect(kind('a.exe', 'application/octet-stream', bytes('MZ\x00\x01'))).toBe('none');
});
