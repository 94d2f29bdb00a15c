const TONE_HZ = 523;
const TONE_S = 1.2;
const FADE_S = 0.08;
const LOUDNESS = 0.2;
const SAMPLES = 1024;
const EVERY_MS = 80;
/** Speech at arm's length is about this loud; it fills the meter. */
const FULL_DB = -12;
const SILENT_DB = -60;

/** Follows how loud a microphone is, from 0 to 1; returns how to stop. */
export function followLevel(stream: MediaStream, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
  const source = context.createMediaStreamSource(stream);
  source.connect(analyser);
  const samples = new Float32Array(SAMPLES);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    onLevel(levelOf(samples));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    source.disconnect();
    void context.close();
  };
}

/** The loudness of some samples between silence (0) and clear speech (1). */
export function levelOf(samples: Float32Array): number {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  const loudness = 10 * Math.log10(power / samples.length + Number.EPSILON);
  return Math.min(1, Math.max(0, (loudness - SILENT_DB) / (FULL_DB - SILENT_DB)));
}

type WithOutput = { setSinkId?: (id: string) => Promise<void> };

/** Whether sound can be sent to a chosen speaker. */
export const canChooseSpeaker = () =>
  typeof window.HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;

/** Plays a short tone from the chosen speaker; resolves when it is over. */
export async function playTestTone(speaker: string): Promise<void> {
  const context = new AudioContext();
  try {
    const output = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: TONE_HZ });
    const gain = new GainNode(context, { gain: 0 });
    const start = context.currentTime;
    gain.gain.linearRampToValueAtTime(LOUDNESS, start + FADE_S);
    gain.gain.setValueAtTime(LOUDNESS, start + TONE_S - FADE_S);
    gain.gain.linearRampToValueAtTime(0, start + TONE_S);
    tone.connect(gain).connect(output);
    const player = new Audio();
    player.srcObject = output.stream;
    if (speaker) await (player as WithOutput).setSinkId?.(speaker).catch(() => undefined);
    const ended = new Promise((resolve) => tone.addEventListener('ended', resolve));
    tone.start();
    tone.stop(start + TONE_S);
    await player.play();
    await ended;
    player.srcObject = null;
  } finally {
    await context.close();
  }
}
