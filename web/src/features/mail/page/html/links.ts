export type LinkDoubt =
  /** The text names another host than the link leads to. */
  | 'other_host'
  /** Letters that look like others may hide in it. */
  | 'look_alike'
  /** A number instead of a name. */
  | 'number'
  /** Something that looks like a host stands before the @. */
  | 'user_part';

export type Link = { href: string; host: string; doubt: LinkDoubt | null };

const MAX_HREF_CHARS = 4_000;
/** Where a host would be seen; the rest of a long link is text. */
const MAX_SHOWN_CHARS = 300;
const SHOWN_HOST =
  /(?:^|[\s(<"'„“])(?:https?:\/\/)?(?:[^\s/@]*@)?((?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,63})(?=$|[\s/:?#)>"'“”.,;!])/iu;
/** Names of files look like hosts. */
const FILE_END = /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|zip|txt|jpe?g|png|gif|html?|eml|ics|csv)$/i;

/** Where a link leads, and what makes it doubtful; null for what is not opened from a message. */
export function linkOf(href: string, shown: string): Link | null {
  const url = urlOf(href);
  if (!url) return null;
  return { href: url.href, host: url.hostname, doubt: doubtOf(url, shown) };
}

function urlOf(href: string): URL | null {
  const text = href.trim();
  if (text.length > MAX_HREF_CHARS || !/^https?:\/\//i.test(text)) return null;
  try {
    const url = new URL(text);
    return url.hostname ? url : null;
  } catch {
    return null;
  }
}

function doubtOf(url: URL, shown: string): LinkDoubt | null {
  if (url.username || url.password) return 'user_part';
  if (/(^|\.)xn--/i.test(url.hostname)) return 'look_alike';
  if (/^[\d.]+$|^\[/.test(url.hostname)) return 'number';
  const name = SHOWN_HOST.exec(shown.trim().slice(0, MAX_SHOWN_CHARS))?.[1];
  if (!name || FILE_END.test(name)) return null;
  return sameSite(asciiHost(name), url.hostname) ? null : 'other_host';
}

/** As the browser writes it on the line. */
function asciiHost(name: string): string {
  try {
    return new URL(`https://${name}`).hostname;
  } catch {
    return name.toLowerCase();
  }
}

const bare = (host: string) => host.replace(/^www\./, '').replace(/\.$/, '');

function sameSite(shown: string, real: string): boolean {
  const [one, other] = [bare(shown), bare(real)];
  return one === other || other.endsWith(`.${one}`);
}
