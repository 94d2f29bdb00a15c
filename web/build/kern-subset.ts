import type { Plugin, Rule } from 'postcss';

/** The KERN components this app uses; everything else of its style sheet is left out. */
const used =
  /^(alert|badge|btn|body|card|description-list|dialog|divider|error|fieldset|form-check|form-input|heading|hint|input-group|label|layer|level|light|dark|link|list|loader|preline|sr-only|subline|table|title)(?![a-z0-9])/;

/**
 * Drops the KERN rules that no class of ours can match: its utilities and grid are three quarters
 * of the sheet.
 */
export function kernSubset(): Plugin {
  return {
    postcssPlugin: 'kern-subset',
    Rule(rule: Rule) {
      if (!rule.source?.input.file?.includes('@kern-ux')) return;
      const kept = rule.selectors.filter((selector) =>
        [...selector.matchAll(/\.kern-([a-z0-9_-]+)/g)].every(([, name]) => used.test(name ?? '')),
      );
      if (kept.length === 0) rule.remove();
      else if (kept.length < rule.selectors.length) rule.selectors = kept;
    },
  };
}
