import { MailFault, type ReadEmail } from '../model.ts';
import { type Jmap, list, object, text } from './jmap.ts';
import { ASK_BODY, bodyOf, headOf } from './shapes.ts';

const HEAD = ['sender', 'from', 'to', 'subject', 'sentAt'];

/** A message that is attached to another, read by the server (RFC 8621, section 4.9). */
export async function readEmail(jmap: Jmap, blobId: string): Promise<ReadEmail> {
  const properties = [...ASK_BODY.properties, ...HEAD];
  const got = await jmap.one('Email/parse', { blobIds: [blobId], ...ASK_BODY, properties });
  const found = object(got.parsed)[blobId];
  if (list(got.notFound).length > 0 || found === undefined) throw new MailFault('not_found');
  const told = object(found);
  const { sender, from, to, subject } = headOf(told);
  const sentAtMs = Date.parse(text(told.sentAt));
  return {
    ...(sender && { sender }),
    from,
    to,
    subject,
    sentAtMs: Number.isFinite(sentAtMs) ? sentAtMs : null,
    body: bodyOf(told),
  };
}
