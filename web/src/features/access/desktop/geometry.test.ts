import { expect, it } from 'vitest';
import { desktopSize } from './geometry.ts';

it('fills the window with a width the server can draw', () => {
  expect(desktopSize({ width: 1283, height: 719 }, 4)).toEqual({ width: 1280, height: 718 });
});

it('scales a phone instead of asking for a desktop nobody can use', () => {
  expect(desktopSize({ width: 360, height: 640 }, 4)).toEqual({ width: 900, height: 1600 });
});

it('stays within what servers take', () => {
  const size = desktopSize({ width: 20_000, height: 10 }, 4);
  expect(size).toEqual({ width: 8188, height: 200 });
});
