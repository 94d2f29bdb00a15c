import type { Locator } from 'playwright-core';

/** How many hard edges the picture of a `<video>` has just now: where it is blurred, next to none. */
export function edges(video: Locator): Promise<number> {
  return video.evaluate((element) => {
    const STEEP = 60;
    const [width, height] = [320, 180];
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    context?.drawImage(element as HTMLVideoElement, 0, 0, width, height);
    const seen = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
    let found = 0;
    for (let at = 4; at < seen.length; at += 4) {
      if (at % (4 * width) === 0) continue;
      const step = (channel: number) =>
        Math.abs((seen[at + channel] ?? 0) - (seen[at + channel - 4] ?? 0));
      if (step(0) + step(1) + step(2) > STEEP) found += 1;
    }
    return found;
  });
}
