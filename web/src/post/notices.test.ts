// @vitest-environment node
import { afterEach, expect, test, vi } from 'vitest';
import type { Mailbox } from '../features/mail/model.ts';
import { notify, watchNotices } from './notices.ts';

afterEach(() => vi.unstubAllGlobals());

/** Mail whose numbers a story changes. */
class Boxes {
  unread = 3;
  archived = 0;
  reads = 0;
  #call = () => {};

  onChange(call: () => void) {
    this.#call = call;
    return () => {
      this.#call = () => {};
    };
  }

  async mailboxes() {
    this.reads += 1;
    return [
      { role: 'archive', unreadEmails: this.archived },
      { role: 'inbox', unreadEmails: this.unread },
    ] as Mailbox[];
  }

  async change(change: Partial<Boxes>) {
    const { reads } = this;
    Object.assign(this, change);
    this.#call();
    await vi.waitFor(() => expect(this.reads).toBeGreaterThan(reads));
    await Promise.resolve();
  }
}

test('new mail in the inbox is told once, where it is wanted and nobody looks', async () => {
  const mail = new Boxes();
  let [isWanted, isSeen, shown] = [true, false, 0];
  const stop = watchNotices({
    mail,
    isWanted: () => isWanted,
    isSeen: () => isSeen,
    show: () => {
      shown += 1;
    },
  });
  await mail.change({});
  expect(shown).toBe(0);
  await mail.change({ unread: 4 });
  expect(shown).toBe(1);
  // Read here, filed there, or nothing at all.
  await mail.change({ unread: 3 });
  await mail.change({ archived: 9 });
  await mail.change({});
  expect(shown).toBe(1);

  isSeen = true;
  await mail.change({ unread: 5 });
  isSeen = false;
  isWanted = false;
  await mail.change({ unread: 6 });
  expect(shown).toBe(1);
  // What came meanwhile is not told afterwards.
  isWanted = true;
  await mail.change({});
  expect(shown).toBe(1);
  await mail.change({ unread: 7 });
  expect(shown).toBe(2);
  stop();
});

test('the worker shows a notice where there is one, so that it takes the place of a pushed one', async () => {
  const alone = vi.fn();
  vi.stubGlobal('Notification', Object.assign(alone, { permission: 'granted' }));
  const showNotification = vi.fn(async () => {});
  const getRegistration = vi.fn(async (): Promise<unknown> => ({ active: {}, showNotification }));
  vi.stubGlobal('navigator', { serviceWorker: { getRegistration } });
  await notify('Neue Nachricht');
  const shown = ['Neue Nachricht', { tag: 'fernamt-post' }];
  expect([showNotification.mock.calls, alone.mock.calls]).toEqual([[shown], []]);

  getRegistration.mockResolvedValueOnce({ active: null, showNotification });
  await notify('Neue Nachricht');
  showNotification.mockRejectedValueOnce(new TypeError('no worker'));
  await notify('Neue Nachricht');
  vi.stubGlobal('navigator', {});
  await notify('Neue Nachricht');
  expect(alone.mock.calls).toEqual([shown, shown, shown]);

  vi.stubGlobal('Notification', Object.assign(alone, { permission: 'denied' }));
  await notify('Neue Nachricht');
  expect(alone).toHaveBeenCalledTimes(3);
});
