import { describe, expect, it } from 'vitest';
import { withCoreData, withSignOn } from './handshake.ts';

describe('the core data', () => {
  it('names the layout and asks for full colours, and nothing else changes', () => {
    const message = new Uint8Array(200).fill(7);
    message.set([0x01, 0xc0, 0xea, 0x00, 0x04, 0x00, 0x08, 0x00], 20);
    message.set([0x00, 0x05, 0x20, 0x03, 0x01, 0xca, 0x03, 0xaa, 0, 0, 0, 0], 28);
    message.set([0x10, 0x00, 0x02, 0x00, 0x01, 0x00], 160);
    const patched = withCoreData(message, 0x407);
    expect([...patched.subarray(36, 40)]).toEqual([0x07, 0x04, 0, 0]);
    expect([...patched.subarray(160, 166)]).toEqual([24, 0, 0x0a, 0, 0x03, 0]);
    expect([...message.subarray(36, 40)]).toEqual([0, 0, 0, 0]);
    const other = new Uint8Array(200).fill(7);
    expect(withCoreData(other, 0x407)).toBe(other);
  });
});

describe('signing on', () => {
  const info = (flags: number) => {
    const message = new Uint8Array(40);
    message.set([
      0x03, 0x00, 0x00, 0x28, 0x02, 0xf0, 0x80, 0x64, 0x00, 0x06, 0x03, 0xeb, 0x70, 0x80,
    ]);
    const view = new DataView(message.buffer);
    view.setUint32(15, 0x40, true);
    view.setUint32(23, flags, true);
    return message;
  };

  it('is asked for in the client information and nowhere else', () => {
    const patched = withSignOn(info(0x51));
    expect(new DataView(patched.buffer).getUint32(23, true)).toBe(0x59);
    const other = info(0x40);
    expect(withSignOn(other)).toBe(other);
    expect(withSignOn(new Uint8Array(3))).toHaveLength(3);
  });
});
