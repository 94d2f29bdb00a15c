import createDOMPurify from 'dompurify';
import { dotsOf, isDrawable, MAX_MESSAGE_PIXELS, pixelsOfUrl } from '../viewers/pixels.ts';
import { type LinkDoubt, linkOf } from './links.ts';
import { MAX_DEPTH } from './plain.ts';
import { Styles } from './styles.ts';
import { policy, type TrustedHtml, trusted } from './trusted.ts';

/** Longer ones are not asked for; what stands here is the last bound. */
const MAX_HTML_CHARS = 1_500_000;
/** Elements with styles of their own beyond this are shown without. */
const MAX_STYLED = 4_000;
const MAX_DATA_PICTURE_CHARS = 8_000_000;
const MAX_ADDRESS_CHARS = 8_000;
/** All pictures of one message, each as often as it is shown: as much as those that came with it and those from elsewhere. */
const MAX_PICTURE_CHARS = 55_000_000;
/** What is no larger is there to be counted, not to be seen. */
const MAX_TRACE_PIXELS = 3;

const TAGS =
  `a abbr acronym address article aside b bdi bdo big blockquote body br caption center cite code col colgroup dd del dfn
  div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt
  ruby s samp section small span strike strong style sub sup table tbody td tfoot th thead time tr tt u ul var wbr`.split(
    /\s+/,
  );
const ATTRIBUTES =
  `align alt bgcolor border cellpadding cellspacing class color colspan dir face height href hspace lang nowrap rowspan
  scope size span src start style title type valign vspace width`.split(/\s+/);
/** Where a style waits until it has become a rule. */
const SET_ASIDE = 'data-style';
const PICTURE = /^data:image\/(?:png|gif|jpeg|webp);base64,[a-z0-9+/=\s]*$/i;

export type CleanHtml = {
  /** A whole document for a frame without scripts. */
  document: TrustedHtml;
  /** Pictures, styles and others that would have been fetched from elsewhere. */
  blocked: number;
  /** Where pictures lie that could be had from elsewhere and are not there; none of those that nobody should see. */
  remote: string[];
  /** How many of the blocked ones were loaded, and are more than a page can bear. */
  left: number;
  /** How many of the blocked ones would not be encrypted on their way, where such are not had. */
  unencrypted: number;
  /** How many are blocked besides, whatever is loaded: counters, backgrounds, what came with the message and is none. */
  others: number;
  /** Links that are not what they seem, marked in the text. */
  doubts: { shown: string; host: string; doubt: LinkDoubt }[];
};

export type CleanWords = {
  /** Stands behind a doubtful link. */
  leadsTo: (host: string) => string;
  /** Stands in place of a picture without a text. */
  picture: string;
  title: string;
  language: string;
};

export type CleanOptions = {
  words: CleanWords;
  /** What the page's policy lets style sheets in by. */
  nonce: string | null;
  /** What is held up in the frame. Its document tells nobody when somebody copies or prints it. */
  guarded?: { copy: boolean; print: boolean };
  /** Pictures that came with the message, by their content id, as `data:`. */
  pictures: ReadonlyMap<string, string>;
  /** Whether pictures from elsewhere can be had, too, that are not encrypted on their way. */
  unencrypted?: boolean;
  /** Pictures from elsewhere that the person had loaded, by their address, as `data:`. */
  loaded?: ReadonlyMap<string, string>;
};

/**
 * What a foreign HTML text comes to: nothing of it fetches, runs, sends or covers anything. Null if it is nested so
 * deeply that cleaning and drawing it would take long.
 */
export function cleanHtml(
  html: string,
  { words, nonce, guarded, pictures, loaded = new Map(), unencrypted = true }: CleanOptions,
): CleanHtml | null {
  const aside = setAside(html);
  if (isTooDeep(aside)) return null;
  const body = purified(aside);
  const styles = new Styles();
  const doubts: CleanHtml['doubts'] = [];
  const remote = new Set<string>();
  // Before their styles are taken away, by which some say that nobody should see them.
  const traces = new Set([...body.querySelectorAll('img')].filter(isTrace));
  const room = new Room();
  const missing = { left: 0, unencrypted: 0, others: 0 };
  let [blocked, styled] = [0, 0];

  for (const sheet of body.querySelectorAll('style')) {
    styles.addSheet(sheet.textContent ?? '');
    sheet.remove();
  }
  for (const element of body.querySelectorAll(`[style],[${SET_ASIDE}]`)) {
    const css = styleOf(element);
    element.removeAttribute(SET_ASIDE);
    element.removeAttribute('style');
    styled += 1;
    // Three times: as strong as an attribute is against the rules of the message.
    const mark = `[data-s="${styled}"]`;
    if (styled <= MAX_STYLED && styles.addAttribute(mark.repeat(3), css)) {
      element.setAttribute('data-s', String(styled));
    }
  }
  for (const element of body.querySelectorAll('[src]:not(img)')) element.removeAttribute('src');
  for (const image of body.querySelectorAll('img')) {
    const src = image.getAttribute('src') ?? '';
    const address = traces.has(image) ? null : remoteAddress(src);
    const found = address === null ? null : (loaded.get(address) ?? null);
    const source = sourceOf(src, pictures) ?? found;
    if (source && room.takes(source)) image.setAttribute('src', source);
    else {
      blocked += 1;
      if (found) missing.left += 1;
      else if (address === null) missing.others += 1;
      else if (!unencrypted && address.startsWith('http:')) missing.unencrypted += 1;
      else remote.add(address);
      image.replaceWith(...(traces.has(image) ? [] : standIn(image, words.picture)));
    }
  }
  for (const element of body.querySelectorAll('[href]')) {
    const shown = (element.textContent ?? '').trim();
    const link =
      element.localName === 'a' ? linkOf(element.getAttribute('href') ?? '', shown) : null;
    element.removeAttribute('href');
    if (!link) continue;
    element.setAttribute('href', link.href);
    element.setAttribute('target', '_blank');
    element.setAttribute('rel', 'noopener noreferrer nofollow');
    element.setAttribute('title', link.href);
    if (!link.doubt) continue;
    doubts.push({ shown, host: link.host, doubt: link.doubt });
    element.after(marked(body.ownerDocument, 'fernamt-doubt', ` ⚠ ${words.leadsTo(link.host)} `));
  }
  return {
    document: trusted(framed(body.innerHTML, `${styles.text()}\n${heldUp(guarded)}`, words, nonce)),
    blocked: blocked + styles.blocked,
    remote: [...remote],
    ...missing,
    others: missing.others + styles.blocked,
    doubts,
  };
}

/** What may still be drawn of the pictures of one message, wherever they come from. */
class Room {
  #chars = MAX_PICTURE_CHARS;
  #dots = MAX_MESSAGE_PIXELS;
  /** The browser decodes a picture once, however often it is shown. */
  readonly #known = new Map<string, boolean>();

  takes(source: string): boolean {
    if (source.length > this.#chars) return false;
    const isDrawn = this.#known.get(source) ?? this.#decodes(source);
    this.#known.set(source, isDrawn);
    if (isDrawn) this.#chars -= source.length;
    return isDrawn;
  }

  #decodes(source: string): boolean {
    const pixels = pixelsOfUrl(source);
    if (!isDrawable(pixels) || pixels.type === 'image/avif') return false;
    if (dotsOf(pixels) > this.#dots) return false;
    this.#dots -= dotsOf(pixels);
    return true;
  }
}

const purify = createDOMPurify();

/** The page's policy knows no style attributes: read as such, each would be a complaint of the browser's. */
function setAside(html: string): string {
  return html
    .slice(0, MAX_HTML_CHARS)
    .replace(/(<[a-z][^<>]*?[\s"'/])style(\s*=)/gi, `$1${SET_ASIDE}$2`);
}

/** Ends without beginnings hide from a count how deep it is: only the browser's own reading tells. */
function isTooDeep(html: string): boolean {
  const text = (policy ? policy.createHTML(html) : html) as string;
  let node: Node | null = new DOMParser().parseFromString(text, 'text/html').body.firstChild;
  let depth = 1;
  while (node) {
    if (node.firstChild) {
      node = node.firstChild;
      depth += 1;
      if (depth > MAX_DEPTH) return true;
      continue;
    }
    while (node && !node.nextSibling) {
      node = node.parentNode;
      depth -= 1;
    }
    node = node?.nextSibling ?? null;
  }
  return false;
}

function purified(html: string): HTMLElement {
  return purify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: [...ATTRIBUTES, SET_ASIDE],
    ADD_URI_SAFE_ATTR: [SET_ASIDE],
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    // It asks this of other values, too. Addresses are looked at once more below, strictly.
    ALLOWED_URI_REGEXP: /^(?:https?:|cid:|data:image\/|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
    FORCE_BODY: true,
    RETURN_DOM: true,
    ...(policy && { TRUSTED_TYPES_POLICY: policy as never }),
  }) as unknown as HTMLElement;
}

function sourceOf(src: string, pictures: ReadonlyMap<string, string>): string | null {
  const source = src.trim();
  if (/^cid:/i.test(source)) return pictures.get(contentId(source.slice(4))) ?? null;
  return source.length <= MAX_DATA_PICTURE_CHARS && PICTURE.test(source) ? source : null;
}

/** A plain address on the web, as the server reads it, too; null for whatever else. */
function remoteAddress(src: string): string | null {
  if (src.length > MAX_ADDRESS_CHARS || !/^\s*https?:/i.test(src) || !URL.canParse(src))
    return null;
  const url = new URL(src);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null;
  url.hash = '';
  return url.href;
}

const styleOf = (element: Element): string =>
  element.getAttribute(SET_ASIDE) ?? element.getAttribute('style') ?? '';

/** Whether a picture says itself that nobody should see it. What a style sheet says of it is not looked at. */
function isTrace(image: Element): boolean {
  const isSmall = ['width', 'height'].some((name) => {
    // As browsers read it: whatever unit stands behind it, these are pixels or percents.
    const [, number, percent] =
      /^\s*(\d+(?:\.\d+)?)(%?)/.exec(image.getAttribute(name) ?? '') ?? [];
    return Number(number) <= (percent ? 0 : MAX_TRACE_PIXELS);
  });
  return isSmall || styleOf(image).split(';').some(isHiding);
}

function isHiding(declaration: string): boolean {
  const [name = '', value = ''] = declaration.toLowerCase().split(':', 2);
  const said = value.replace('!important', '').trim();
  if (name.trim() === 'display') return said === 'none';
  if (!/^(?:max-)?(?:width|height)$/.test(name.trim())) return false;
  const [, number, unit] = /^(\d*\.?\d+)([a-z%]*)$/.exec(said) ?? [];
  return Number(number) === 0 || (unit === 'px' && Number(number) <= MAX_TRACE_PIXELS);
}

function contentId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The words of a picture that is not shown. */
function standIn(image: Element, word: string): Node[] {
  const text = image.getAttribute('alt')?.trim();
  if (text === '') return [];
  return [marked(image.ownerDocument, 'fernamt-picture', text ?? word)];
}

function marked(document: Document, name: string, text: string): HTMLElement {
  const element = document.createElement('span');
  element.className = name;
  element.textContent = text;
  return element;
}

/** There are no scripts in the frame that could hear of copying and printing: what cannot be marked is not copied. */
function heldUp(guarded: CleanOptions['guarded']): string {
  const rules: string[] = [];
  if (guarded?.copy) {
    rules.push('*{user-select:none!important;-webkit-user-select:none!important}');
    rules.push('img{pointer-events:none!important;-webkit-user-drag:none!important}');
  }
  if (guarded?.print) rules.push('@media print{html{display:none!important}}');
  return rules.length > 0 ? `@layer fernamt{${rules.join('')}}` : '';
}

/** The contents' own frame: its policy is one more lock, should anything have come through. */
function framed(body: string, css: string, words: CleanWords, nonce: string | null): string {
  const styleSource = nonce ? `'nonce-${nonce}'` : "'unsafe-inline'";
  const policyText = `default-src 'none'; img-src data:; style-src ${styleSource}; base-uri 'none'; form-action 'none'`;
  const attribute = nonce ? ` nonce="${escaped(nonce)}"` : '';
  return `<!doctype html><html lang="${escaped(words.language)}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policyText}"><meta name="referrer" content="no-referrer"><title>${escaped(words.title)}</title><style${attribute}>${PAPER}
${css}
${OWN}</style></head><body><main>${body}</main></body></html>`;
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`);

/** Messages are written for white paper. */
const PAPER = `html{color-scheme:light;background:#fff;color:#1a1c24}
body{margin:0;padding:16px 20px;font:16px/1.5 "Fira Sans",system-ui,sans-serif;overflow-wrap:anywhere}
img{max-width:100%;height:auto}table{max-width:100%}pre{white-space:pre-wrap}
blockquote{margin:.5em 0;padding-left:1em;border-left:3px solid #c8ccd8}a{color:#1a4fb4}`;

/** Ours, and stronger than whatever the message says: what is important in a layer outdoes what is important without. */
const OWN = `@layer fernamt{
html,body,body>main{display:block!important;visibility:visible!important;opacity:1!important;position:static!important;transform:none!important;clip-path:none!important;max-height:none!important}
span.fernamt-doubt{all:revert!important;display:inline!important;color:#8a1500!important;background:#fff0ec!important;font:600 14px/1.4 system-ui,sans-serif!important}
span.fernamt-picture{all:revert!important;display:inline-block!important;padding:2px 8px!important;border:1px dashed #8a90a3!important;border-radius:4px!important;color:#4c5266!important;background:#f5f6fa!important;font:14px/1.4 system-ui,sans-serif!important}
a:focus-visible{outline:3px solid #1a4fb4!important;outline-offset:2px!important}}`;
