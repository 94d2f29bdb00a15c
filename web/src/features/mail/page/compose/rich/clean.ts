import createDOMPurify from 'dompurify';
import { policy } from '../../html/trusted.ts';

/** More than anybody writes; what is pasted beyond is cut. */
const MAX_HTML_CHARS = 1_000_000;
const TAGS = 'a b strong i em u s br div p ul ol li blockquote pre code table tbody thead tr td th';

const purify = createDOMPurify();
purify.addHook('afterSanitizeAttributes', (element) => {
  if (element.localName === 'a') element.setAttribute('rel', 'noopener noreferrer');
});

/** What a person writes or pastes comes to words, lists, quotes and links: nothing of it fetches, runs or looks strange. */
export function cleaned(html: string): DocumentFragment {
  const found = purify.sanitize(html.slice(0, MAX_HTML_CHARS), {
    ALLOWED_TAGS: TAGS.split(' '),
    ALLOWED_ATTR: ['href', 'colspan', 'rowspan'],
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    RETURN_DOM_FRAGMENT: true,
    ...(policy && { TRUSTED_TYPES_POLICY: policy as never }),
  }) as unknown as DocumentFragment;
  return document.importNode(found, true);
}
