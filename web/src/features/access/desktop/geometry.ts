export type Size = { width: number; height: number };

/** Servers refuse smaller desktops, and nobody could use them. */
const MIN: Size = { width: 200, height: 200 };
const MAX: Size = { width: 8188, height: 8188 };
/** A desktop narrower than this is scaled down instead: for phones. */
const MIN_USEFUL_WIDTH = 900;

/** The desktop that fills this space: its width a multiple of what the server asks for. */
export function desktopSize(space: Size, multiple: number): Size {
  const scale = Math.max(1, MIN_USEFUL_WIDTH / Math.max(space.width, 1));
  const step = Math.max(1, multiple);
  const width = clamp(space.width * scale, MIN.width, MAX.width);
  const height = clamp(space.height * scale, MIN.height, MAX.height);
  return { width: Math.floor(width / step) * step, height: Math.floor(height / 2) * 2 };
}

/** Where on the desktop a point of the page is. */
export function clientToDesktop(
  canvas: HTMLCanvasElement,
  clientX: number,
  clientY: number,
): { x: number; y: number } {
  const box = canvas.getBoundingClientRect();
  const x = ((clientX - box.left) * canvas.width) / Math.max(box.width, 1);
  const y = ((clientY - box.top) * canvas.height) / Math.max(box.height, 1);
  return {
    x: Math.round(clamp(x, 0, canvas.width - 1)),
    y: Math.round(clamp(y, 0, canvas.height - 1)),
  };
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));
