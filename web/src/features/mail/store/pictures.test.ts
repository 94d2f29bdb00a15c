// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TestProfile } from '../container/browser.fixture.ts';
import { TestFolder } from '../container/folder.fixture.ts';
import { FakeJmapServer } from './jmap-server.fixture.ts';
import { json } from './jmap-shapes.fixture.ts';
import { type Opened, TestDevice } from './net.fixture.ts';

const PICTURE = 'https://bild.example/a.png';

let server: FakeJmapServer;
let device: TestDevice;
let open: Opened | undefined;

beforeEach(() => {
  const profile = new TestProfile();
  profile.folder = new TestFolder().asHandle();
  server = new FakeJmapServer(() => profile.clock.now());
  device = new TestDevice(profile, server);
});

afterEach(async () => {
  await open?.kill();
  open = undefined;
});

async function tab(): Promise<Opened> {
  open = await device.open();
  await open.mail.sync();
  return open;
}

test('nothing is offered until the server says that it fetches pictures, and no longer than it says so', async () => {
  const { mail } = await tab();
  expect(mail.loadsPictures()).toBe('none');
  for (const on of ['encrypted', 'all', 'none']) {
    server.fetches = on !== 'none';
    server.fetchesUnencrypted = on === 'all';
    server.session += 1;
    const told = vi.fn();
    const end = mail.onChange(told);
    await mail.sync();
    await vi.waitFor(() => expect(mail.loadsPictures()).toBe(on));
    expect(told).toHaveBeenCalled();
    end();
  }
});

test('a picture is asked for by its message and address, each time anew', async () => {
  server.fetches = true;
  server.pictures = () => new Response(Uint8Array.of(1, 2, 3));
  const id = server.arrive({ subject: 'Angebot' }).id;
  const { mail } = await tab();
  for (let again = 0; again < 2; again += 1) {
    expect([...(await mail.picture(id, PICTURE))]).toEqual([1, 2, 3]);
  }
  expect(server.askedPictures).toEqual([
    [server.account, id, PICTURE],
    [server.account, id, PICTURE],
  ]);
});

test('what the server refuses is told, and so is a line that is gone', async () => {
  server.fetches = true;
  server.pictures = () => json({ code: 'picture_unavailable', detail: 'it cannot be had' }, 422);
  const id = server.arrive({ subject: 'Angebot' }).id;
  const { mail, net } = await tab();
  await expect(mail.picture(id, PICTURE)).rejects.toMatchObject({
    kind: 'refused',
    detail: 'it cannot be had',
  });
  for (const kind of ['busy', 'spent']) {
    server.pictures = () => json({ code: `pictures_${kind}` }, 429);
    await expect(mail.picture(id, PICTURE)).rejects.toMatchObject({ kind });
  }
  for (const [status, code, kind] of [
    [503, 'scanner_unavailable', 'unscanned'],
    [422, 'malware_found', 'malware'],
    [422, 'picture_address', 'excluded'],
    [422, 'picture_not_in_message', 'excluded'],
    [422, 'picture_unencrypted', 'excluded'],
  ] as const) {
    server.pictures = () => json({ code }, status);
    await expect(mail.picture(id, PICTURE)).rejects.toMatchObject({ kind });
  }
  await expect(mail.picture('none', PICTURE)).rejects.toMatchObject({ kind: 'not_found' });
  server.fetches = false;
  await expect(mail.picture(id, PICTURE)).rejects.toMatchObject({ kind: 'refused' });
  net.online = false;
  await expect(mail.picture(id, PICTURE)).rejects.toMatchObject({ kind: 'offline' });
});
