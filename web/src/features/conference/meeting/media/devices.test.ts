import { afterEach, describe, expect, it, vi } from 'vitest';
import { blurState } from './blur/state.ts';
import { faultOf, openDevice, storedChoice } from './devices.ts';

const camera = () => {
  const track = { stop: vi.fn() };
  const stream = { getTracks: () => [track], getVideoTracks: () => [track] };
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: async () => stream } });
  return { track, stream };
};

afterEach(() => vi.unstubAllGlobals());

describe('a camera', () => {
  it('is switched off again where its background was to be blurred and cannot be', async () => {
    const { track } = camera();
    const choice = { ...storedChoice(), blur: true };
    const fault = await openDevice('camera', choice, () => undefined).catch(faultOf);
    expect(fault).toBe('blur');
    expect(track.stop).toHaveBeenCalled();
    expect(blurState.get()).toEqual({ at: 'failed', fault: 'browser' });
  });

  it('gives its picture as it is where nobody asked for more', async () => {
    const { track, stream } = camera();
    const opened = await openDevice('camera', storedChoice(), () => undefined);
    expect(opened.stream).toBe(stream);
    expect(track.stop).not.toHaveBeenCalled();
    opened.close();
    expect(track.stop).toHaveBeenCalled();
  });
});
