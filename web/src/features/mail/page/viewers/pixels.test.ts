// @vitest-environment node
import { expect, it } from 'vitest';
import { kindOf } from './kind.ts';
import { pngOf } from './office/files.fixture.ts';
import { isDrawable, MAX_PIXELS, pixelsOf } from './pixels.ts';

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
const heads = {
  'image/png': pngOf(300, 200),
  'image/gif': bytes('GIF89a', [0x2c, 1, 200, 0]),
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
