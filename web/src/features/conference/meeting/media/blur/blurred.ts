import type { Track, TrackProcessor, VideoProcessorOptions } from 'livekit-client';
import { ownScript } from '../../../../../app/own-script.ts';
import type { OpenDevice } from '../devices.ts';
import { load } from './load.ts';
import { Pace } from './pace.ts';
import type { FromWorker, ToWorker } from './said.ts';
import { BlurProblem, blurPossible, blurState, publishBlur } from './state.ts';
import workerAddress from './worker.ts?worker&url';

/** More of it than a camera gives. */
const FRAMES = 30;
/** A worker that has not said anything for so long has hung itself up. */
const START_MS = 60_000;

/** Loads everything ahead, so that changing over takes no time. */
export async function prepareBlur(): Promise<void> {
  if (!blurPossible()) throw failed('browser');
  publishBlur({ at: 'loading', share: 0 });
  try {
    await load((share) => publishBlur({ at: 'loading', share }));
  } catch {
    throw failed('not_loaded');
  }
  publishBlur({ at: 'idle' });
}

/**
 * A camera's picture with the background blurred. Nothing of the room ever comes out: before the first picture is
 * blurred there is none, and when it breaks there are no more.
 */
export class Blurred implements TrackProcessor<Track.Kind.Video> {
  readonly name = 'fernamt-blur';
  private readonly canvas = document.createElement('canvas');
  private readonly source = document.createElement('video');
  private readonly pace = new Pace();
  private worker: Worker | null = null;
  private ended = false;
  private sent: number | null = null;
  private shownAt = -1;
  private started: { done: () => void; failed: (problem: BlurProblem) => void } | null = null;
  processedTrack?: MediaStreamTrack;

  /** `onBroken` is called when no more pictures come. */
  constructor(private readonly onBroken: (problem: BlurProblem) => void) {
    this.source.muted = true;
    this.source.playsInline = true;
  }

  /** Comes back with the first blurred picture. */
  async init({ track }: Pick<VideoProcessorOptions, 'track'>): Promise<void> {
    await prepareBlur();
    const start = await load(() => undefined);
    if (this.ended) throw new BlurProblem('broken');
    publishBlur({ at: 'loading', share: 1 });
    const { width = 1280, height = 720 } = track.getSettings();
    Object.assign(this.canvas, { width, height });
    // Before it draws there is nothing to capture, and with a context there is.
    this.canvas.getContext('2d', { alpha: false });
    const captured = this.canvas.captureStream(FRAMES).getVideoTracks()[0];
    if (!captured) throw failed('browser');
    this.processedTrack = captured;
    this.follow(track);
    await this.run(start);
  }

  /** The camera was opened anew; what comes out stays the same track. */
  async restart({ track }: Pick<VideoProcessorOptions, 'track'>): Promise<void> {
    this.follow(track);
  }

  async destroy(): Promise<void> {
    this.ended = true;
    this.worker?.terminate();
    this.worker = null;
    this.source.srcObject = null;
    this.processedTrack?.stop();
    this.started?.failed(new BlurProblem('broken'));
    this.started = null;
    // Why there is no picture is still to be read.
    if (blurState.get().at !== 'failed') publishBlur({ at: 'idle' });
  }

  private follow(track: MediaStreamTrack): void {
    this.source.srcObject = new MediaStream([track]);
    void this.source.play().catch(() => undefined);
  }

  private run(start: Extract<ToWorker, { start: unknown }>['start']): Promise<void> {
    const worker = new Worker(ownScript(workerAddress), { type: 'module' });
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.heard(data);
    worker.onerror = () => this.broke();
    this.say({ start });
    return new Promise((done, rejected) => {
      const late = setTimeout(() => this.broke(), START_MS);
      this.started = {
        done: () => {
          clearTimeout(late);
          done();
        },
        failed: (problem) => {
          clearTimeout(late);
          rejected(problem);
        },
      };
    });
  }

  private heard(said: FromWorker): void {
    if (this.ended) return;
    if ('failed' in said) this.broke();
    else if ('picture' in said) this.show(said.picture);
    else void this.next();
  }

  /** At each beat, the camera's newest picture, unless the last one is not through yet. */
  private async next(): Promise<void> {
    const { source } = this;
    if (this.sent !== null || source.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    if (source.currentTime === this.shownAt || source.videoWidth === 0) return;
    this.shownAt = source.currentTime;
    this.sent = performance.now();
    try {
      const picture = await createImageBitmap(source);
      if (this.ended) picture.close();
      else this.say({ picture }, [picture]);
    } catch {
      // The camera changes just now: there will be another picture.
      this.sent = null;
    }
  }

  private show(picture: ImageBitmap): void {
    const { canvas } = this;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      Object.assign(canvas, { width: picture.width, height: picture.height });
    }
    canvas.getContext('2d', { alpha: false })?.drawImage(picture, 0, 0);
    picture.close();
    const pictures = this.pace.add(performance.now() - (this.sent ?? 0));
    this.sent = null;
    publishBlur(pictures === null ? { at: 'on' } : { at: 'slow', pictures });
    this.started?.done();
    this.started = null;
  }

  private broke(): void {
    if (this.ended) return;
    const starting = this.started;
    this.started = null;
    void this.destroy();
    const problem = failed('broken');
    if (starting) starting.failed(problem);
    else this.onBroken(problem);
  }

  private say(said: ToWorker, moved: Transferable[] = []): void {
    this.worker?.postMessage(said, moved);
  }
}

/** A camera's stream, blurred; closing it closes the camera. */
export async function openBlurred(
  raw: MediaStream,
  onBroken: (problem: BlurProblem) => void,
): Promise<OpenDevice> {
  const blurred = new Blurred(onBroken);
  const track = raw.getVideoTracks()[0];
  const close = () => {
    void blurred.destroy();
    track?.stop();
  };
  try {
    if (!track) throw new BlurProblem('broken');
    await blurred.init({ track });
    if (!blurred.processedTrack) throw new BlurProblem('broken');
  } catch (problem) {
    close();
    throw problem;
  }
  return { stream: new MediaStream([blurred.processedTrack]), close };
}

function failed(fault: BlurProblem['fault']): BlurProblem {
  publishBlur({ at: 'failed', fault });
  return new BlurProblem(fault);
}
