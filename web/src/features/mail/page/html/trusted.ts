/** HTML that the browser takes where it demands trusted types; a plain text elsewhere. */
export type TrustedHtml = { readonly trusted: unique symbol };

type Policy = {
  createHTML: (html: string) => string;
  createScriptURL: (url: string) => string;
};
type Factory = { createPolicy: (name: string, rules: Policy) => Policy };

/**
 * The one way by which foreign HTML comes into the page. It lets pass what it is given: it is used by the cleaning only,
 * to read the foreign text into a document that does nothing, and to hand over what is left of it.
 */
export const policy: Policy | undefined = (
  globalThis as { trustedTypes?: Factory }
).trustedTypes?.createPolicy('fernamt-mail', {
  createHTML: (html) => html,
  createScriptURL: () => {
    throw new TypeError('mail has no scripts');
  },
});

/** For `srcdoc` of a frame without scripts. */
export function trusted(html: string): TrustedHtml {
  return (policy ? policy.createHTML(html) : html) as unknown as TrustedHtml;
}
