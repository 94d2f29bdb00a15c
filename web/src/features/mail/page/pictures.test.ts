// @vitest-environment node
import { afterEach, describe, expect, it, test, vi } from 'vitest';
import { MailFault, type MailFaultKind } from '../model.ts';
import { FakeMail } from './mail.fixture.ts';
import { inlinePictures, isFull, remotePictures, remoteRoom } from './pictures.ts';
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
    const { loaded, failed, lost, ended } = await remotePictures(
      urls(3),
      async (url) => (url.endsWith('1.gif') ? TEXT : GIF),
      never,
      (through) => heard.push(through),
    );
    expect([...loaded.keys()].sort()).toEqual([urls(3)[0], urls(3)[2]]);
    expect([...loaded.values()][0]).toMatch(/^data:image\/gif;base64,R0lGOD/);
    expect([failed, [...lost], ended, heard]).toEqual([1, [urls(3)[1]], null, [1, 2, 3]]);
  });

  it('are loaded a few at a time, and no more than so many', async () => {
    let [now, most, asked] = [0, 0, 0];
    const { loaded, failed, unasked } = await remotePictures(
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
    expect([most, asked, loaded.size, failed, unasked]).toEqual([3, 100, 100, 0, 20]);
  });

  it('fill no more memory than a page can bear', async () => {
    const large = new Uint8Array(9_000_000);
    large.set(GIF);
    let asked = 0;
    const { loaded, failed, unasked } = await remotePictures(
      urls(20),
      async () => {
        asked += 1;
        return large;
      },
      never,
      () => {},
    );
    expect([loaded.size, failed, unasked]).toEqual([2, 0, 18]);
    // Those that were under way when one did not fit.
    expect(asked).toBeLessThanOrEqual(5);
  });

  it('have no more dots together than a page can bear', async () => {
    const room = remoteRoom();
    const load = async () => pngOf(6_000, 5_000);
    const { loaded, unasked } = await remotePictures(urls(9), load, never, () => {}, room);
    expect([loaded.size, unasked, isFull(room)]).toEqual([3, 6, true]);
  });

  it('that nobody elsewhere was asked for are not counted', async () => {
    const room = remoteRoom();
    for (const kind of ['offline', 'spent', 'offline'] as const) {
      let asked = 0;
      const load = async () => {
        asked += 1;
        throw new MailFault(kind);
      };
      const found = await remotePictures(urls(60), load, never, () => {}, room);
      expect(found).toMatchObject({ failed: 0, unasked: 60 });
      expect([asked, room.pictures]).toEqual([3, 100]);
    }
    const ends = new AbortController();
    const stopped = async () => {
      ends.abort();
      throw new MailFault('offline');
    };
    const found = await remotePictures(urls(60), stopped, ends.signal, () => {}, room);
    expect(found).toMatchObject({ failed: 0, unasked: 60, ended: null });
    expect(room.pictures).toBe(100);
  });

  it('end when nobody can look for malware in them, and tell what was found', async () => {
    const kinds: Record<string, MailFaultKind> = { 0: 'malware', 1: 'excluded', 2: 'refused' };
    const load = async (url: string) => {
      const [, number = ''] = /(\d+)\.gif$/.exec(url) ?? [];
      throw new MailFault(kinds[number] ?? 'unscanned');
    };
    const found = await remotePictures(urls(60), load, never, () => {});
    expect(found).toMatchObject({ malware: 1, ended: 'unscanned' });
    expect([...found.lost]).toEqual(urls(2));
    expect(found.failed).toBeLessThan(7);
    expect(found.failed + found.unasked).toBe(60);
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
    const { loaded, ended } = await soon;
    expect([asked, loaded.size, ended]).toEqual([4, 1, null]);

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
    expect(await late).toMatchObject({ failed: 0, unasked: 10, ended: 'busy' });
    expect(asked).toBe(12);
  });

  it('are not asked for any more once a person had all of an hour', async () => {
    let asked = 0;
    const { unasked, ended } = await remotePictures(
      urls(50),
      async () => {
        asked += 1;
        throw new MailFault('spent');
      },
      never,
      () => {},
    );
    expect([unasked, ended, asked]).toEqual([50, 'busy', 3]);
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
    expect(await stopped).toMatchObject({ unasked: 5, ended: null });
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
    expect([refused.failed, refused.unasked, refused.ended]).toEqual([1, 1, 'offline']);

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
    expect([stopped.unasked, stopped.ended]).toEqual([50 - stopped.loaded.size, null]);
  });
});
