import type { Mailbox } from '../features/mail/model.ts';

type Watched = { onChange(call: () => void): () => void; mailboxes(): Promise<Mailbox[]> };

type Parts = {
  mail: Watched;
  /** Whether the person wants it at this moment. */
  isWanted: () => boolean;
  /** Whether the page is before their eyes: then they see it there. */
  isSeen: () => boolean;
  show: () => void;
};

/** Tells of new mail while the page is open and not before anybody's eyes. Only that there is some, never of whom. */
export function watchNotices({ mail, isWanted, isSeen, show }: Parts): () => void {
  let before: number | undefined;
  let looking = Promise.resolve();
  const look = async () => {
    const boxes = await mail.mailboxes();
    const unread = boxes.find(({ role }) => role === 'inbox')?.unreadEmails;
    const isMore = before !== undefined && unread !== undefined && unread > before;
    before = unread ?? before;
    if (isMore && isWanted() && !isSeen()) show();
  };
  // One after the other, so that each counts from the one before. Locked meanwhile: nobody is told.
  const next = () => {
    looking = looking.then(look).catch(() => undefined);
  };
  next();
  return mail.onChange(next);
}

/** Whether this browser can tell of anything at all. */
export const noticesPossible = () => 'Notification' in globalThis;

/** Asks the person, once, whether the browser may. */
export async function mayNotify(): Promise<boolean> {
  if (!noticesPossible()) return false;
  const answer =
    Notification.permission === 'default'
      ? await Notification.requestPermission()
      : Notification.permission;
  return answer === 'granted';
}

/**
 * One at a time: a further one takes its place. Shown by the service worker where there is one, as those of the push service
 * are: a notice of the page and one of the worker stand beside each other, whatever they are called.
 */
export async function notify(title: string): Promise<void> {
  if (!noticesPossible() || Notification.permission !== 'granted') return;
  const options = { tag: 'fernamt-post' };
  try {
    const worker = await navigator.serviceWorker?.getRegistration();
    if (worker?.active) {
      await worker.showNotification(title, options);
      return;
    }
  } catch {
    // Then the page shows it itself.
  }
  try {
    const notice = new Notification(title, options);
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
  } catch {
    // Phones show none of a page.
  }
}
