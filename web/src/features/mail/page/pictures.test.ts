// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { MailFault } from '../model.ts';
import { remotePictures } from './pictures.ts';

const GIF = Uint8Array.from(
  atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'),
  (char) => char.charCodeAt(0),
);
const TEXT = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
const urls = (count: number) =>
  Array.from({ length: count }, (_, at) => `https://bild.example/${at}.gif`);
const never = new AbortController().signal;

describe('pictures from elsewhere', () => {
  it('are told by their bytes; what is none counts as failed', async () => {
    const heard: number[] = [];
    const { loaded, failed, offline } = await remotePictures(
      urls(3),
      async (url) => (url.endsWith('1.gif') ? TEXT : GIF),
      never,
      (through) => heard.push(through),
    );
    expect([...loaded.keys()].sort()).toEqual([urls(3)[0], urls(3)[2]]);
    expect([...loaded.values()][0]).toMatch(/^data:image\/gif;base64,R0lGOD/);
    expect([failed, offline, heard]).toEqual([1, false, [1, 2, 3]]);
  });

  it('are loaded a few at a time, and no more than so many', async () => {
    let [now, most, asked] = [0, 0, 0];
    const { loaded, failed } = await remotePictures(
      urls(120),
      async () => {
        asked += 1;
        now += 1;
        most = Math.max(most, now);
        await Promise.resolve();
        now -= 1;
        return GIF;
      },
      never,
      () => {},
    );
    expect([most, asked, loaded.size, failed]).toEqual([3, 100, 100, 20]);
  });

  it('fill no more memory than a page can bear', async () => {
    const large = new Uint8Array(9_000_000);
    large.set(GIF);
    const { loaded, failed } = await remotePictures(
      urls(4),
      async () => large,
      never,
      () => {},
    );
    expect([loaded.size, failed]).toEqual([2, 2]);
  });

  it('say when there was no line, and end when somebody wants it', async () => {
    const refused = await remotePictures(
      urls(2),
      async (url) => {
        throw new MailFault(url.endsWith('0.gif') ? 'offline' : 'refused');
      },
      never,
      () => {},
    );
    expect([refused.failed, refused.offline]).toEqual([2, true]);

    const ends = new AbortController();
    const stopped = await remotePictures(
      urls(50),
      async (_, over) => {
        if (over.aborted) throw new MailFault('offline');
        return GIF;
      },
      ends.signal,
      (through) => through === 10 && ends.abort(),
    );
    expect(stopped.loaded.size).toBeLessThan(13);
    expect([stopped.failed, stopped.offline]).toEqual([50 - stopped.loaded.size, false]);
  });
});
