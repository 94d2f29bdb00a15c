import { Painter } from './painter.ts';
import type { FromWorker, Start, ToWorker } from './said.ts';
import { Segmenter } from './segmenter.ts';

/** As often as a camera gives a picture. */
const BEAT_MS = 33;

const canvas = new OffscreenCanvas(1, 1);
let segmenter: Segmenter;
let painter: Painter;

const say = (said: FromWorker, moved: Transferable[] = []) =>
  postMessage(said, { transfer: moved });

async function start(given: Start): Promise<void> {
  segmenter = await Segmenter.start(canvas, given);
  painter = new Painter(segmenter, canvas);
  canvas.addEventListener('webglcontextlost', () => say({ failed: 'the graphics were lost' }));
  setInterval(() => say({ beat: true }), BEAT_MS);
  say({ ready: true });
}

function blur(picture: ImageBitmap): void {
  let painted = false;
  segmenter.segment(picture, (mask) => {
    painter.paint(picture, mask);
    painted = true;
  });
  picture.close();
  // What could not be told apart is not shown at all.
  if (!painted) throw new Error('no mask');
  const blurred = canvas.transferToImageBitmap();
  say({ picture: blurred }, [blurred]);
}

addEventListener('message', async ({ data }: MessageEvent<ToWorker>) => {
  try {
    if ('start' in data) await start(data.start);
    else blur(data.picture);
  } catch (error) {
    say({ failed: String(error) });
  }
});
