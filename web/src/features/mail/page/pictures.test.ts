// @vitest-environment node
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { MailFault } from '../model.ts';
import { FakeMail } from './mail.fixture.ts';
import { inlinePictures, remotePictures, remoteRoom } from './pictures.ts';
import { pngOf } from './viewers/office/files.fixture.ts';

const GIF = Uint8Array.from(
  atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'),
  (char) => char.charCodeAt(0),
);
const TEXT = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
const urls = (count: number) =>
  Array.from({ length: count }, (_, at) => `https://bild.example/${at}.gif`);
const never = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
});

test('pictures within a message are taken in until they have too many dots together', async () => {
  const mail = new FakeMail(0);
  const attachments = ['a', 'b', 'c'].map((blobId, at) => {
    const bytes = pngOf(8_000, at < 2 ? 5_000 : 2_000 + 1_000 * at);
    mail.blobs.set(blobId, new Uint8Array(bytes));
    const sizeBytes = bytes.length;
    return { blobId, name: blobId, type: 'image/png', sizeBytes, cid: `<${blobId}>` };
  });
  expect([...(await inlinePictures(mail, attachments)).keys()]).toEqual(['a', 'b']);
  mail.blobs.set('c', new Uint8Array(pngOf(1_000, 1_000)));
  expect((await inlinePictures(mail, attachments)).size).toBe(3);
});

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
    let asked = 0;
    const { loaded, failed } = await remotePictures(
      urls(20),
      async () => {
        asked += 1;
        return large;
      },
      never,
      () => {},
    );
    expect([loaded.size, failed]).toEqual([2, 18]);
    // Those that were under way when one did not fit.
    expect(asked).toBeLessThanOrEqual(5);
  });

  it('are counted over all times that somebody asks for them', async () => {
    const room = remoteRoom();
    const asked: number[] = [];
    for (const load of [async () => TEXT, async () => GIF, async () => GIF]) {
      let count = 0;
      const counted = () => {
        count += 1;
        return load();
      };
      await remotePictures(urls(60), counted, never, () => {}, room);
      asked.push(count);
    }
    expect(asked).toEqual([60, 40, 0]);
    expect(room.pictures).toBe(0);
  });

  it('of several messages wait in one line', async () => {
    let [now, most] = [0, 0];
    const load = async () => {
      now += 1;
      most = Math.max(most, now);
      await Promise.resolve();
      now -= 1;
      return GIF;
    };
    const both = [0, 1].map(() => remotePictures(urls(20), load, never, () => {}));
    const loaded = (await Promise.all(both)).map((one) => one.loaded.size);
    expect([most, loaded]).toEqual([3, [20, 20]]);
  });

  it('are asked for again while the server is busy, and told once it stays so', async () => {
    vi.useFakeTimers();
    let asked = 0;
    const soon = remotePictures(
      urls(1),
      async () => {
        asked += 1;
        if (asked < 4) throw new MailFault('busy');
        return GIF;
      },
      never,
      () => {},
    );
    await vi.advanceTimersByTimeAsync(7_000);
    const { loaded, busy } = await soon;
    expect([asked, loaded.size, busy]).toEqual([4, 1, false]);

    asked = 0;
    const late = remotePictures(
      urls(10),
      async () => {
        asked += 1;
        throw new MailFault('busy');
      },
      never,
      () => {},
    );
    await vi.advanceTimersByTimeAsync(7_000);
    expect(await late).toMatchObject({ failed: 10, busy: true, offline: false });
    expect(asked).toBe(12);
  });

  it('are not asked for any more once a person had all of an hour', async () => {
    let asked = 0;
    const { failed, busy } = await remotePictures(
      urls(50),
      async () => {
        asked += 1;
        throw new MailFault('spent');
      },
      never,
      () => {},
    );
    expect([failed, busy, asked]).toEqual([50, true, 3]);
  });

  it('stop waiting for a busy server when somebody has enough', async () => {
    vi.useFakeTimers();
    const ends = new AbortController();
    const stopped = remotePictures(
      urls(5),
      async () => {
        throw new MailFault('busy');
      },
      ends.signal,
      () => {},
    );
    await vi.advanceTimersByTimeAsync(500);
    ends.abort();
    expect(await stopped).toMatchObject({ failed: 5, busy: false });
  });

  it('of a host that is slow and has none hold the others up once', async () => {
    vi.useFakeTimers();
    const asked: string[] = [];
    const slow = urls(20).map((url) => url.replace('bild', 'langsam'));
    const ended = remotePictures(
      [...slow, ...urls(4)],
      async (url) => {
        asked.push(new URL(url).host);
        if (!url.includes('langsam')) return GIF;
        await new Promise((done) => setTimeout(done, 4_000));
        throw new MailFault('refused');
      },
      never,
      () => {},
    );
    await vi.advanceTimersByTimeAsync(4_000);
    const { loaded, failed } = await ended;
    expect([loaded.size, failed]).toEqual([4, 20]);
    // Those that were under way when the first one came to nothing.
    expect(asked.filter((host) => host.startsWith('langsam'))).toHaveLength(3);
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
