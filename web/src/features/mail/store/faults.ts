import { ContainerFault } from '../container/index.ts';
import { MailFault } from '../model.ts';
import { MethodFault } from './jmap.ts';

/** Whatever went wrong, in the words of the mail page. */
export function mailFault(error: unknown): MailFault {
  if (error instanceof MailFault) return error;
  if (error instanceof MethodFault) {
    // The server is busy or failed: later it may go.
    const later = error.type.startsWith('server');
    return new MailFault(later ? 'offline' : 'refused', error.message);
  }
  if (!(error instanceof ContainerFault)) throw error;
  switch (error.kind) {
    case 'locked':
      return new MailFault('locked');
    case 'quota':
      return new MailFault('queue_full', 'the browser grants no more room on this device');
    case 'too_large':
      return new MailFault('too_large');
    default:
      return new MailFault('refused', error.message);
  }
}

/** Does it, and tells what went wrong as a {@link MailFault}. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw mailFault(error);
  }
}
