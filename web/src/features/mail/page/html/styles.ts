/** What foreign style sheets may have in all. */
const MAX_CSS_CHARS = 300_000;
const MAX_RULES = 5_000;
/** What fetches something, reads what it must not, or brings in again what was taken out. */
const REACHES_OUT =
  /url\(|image\(|image-set\(|src\(|cross-fade\(|element\(|paint\(|var\(|env\(|attr\(|expression\(|@/i;
/** What would lie over the words that we put into the frame ourselves, or move for ever. */
const REFUSED = /^(--|animation|transition|behavior|-moz-binding|content|z-index|cursor$)/;

/**
 * The style sheets of a message, read by the browser itself and written anew: only plain rules, only declarations that
 * fetch nothing. The page's policy allows no style attributes, so they become rules, too.
 */
export class Styles {
  readonly #rules: string[] = [];
  #chars = 0;
  /** Pictures that a declaration would have fetched. */
  blocked = 0;

  /** Takes what stands in a `<style>`. */
  addSheet(css: string): void {
    const sheet = this.#read(css);
    if (sheet) this.#take(sheet.cssRules, (text) => text);
  }

  /** Takes what stands in a `style` attribute, for what the selector finds. */
  addAttribute(selector: string, css: string): boolean {
    // The text of a rule's inside; what tries to end the rule ends up in rules that are not looked at.
    const rule = this.#read(`x{${css}}`)?.cssRules[0];
    const text = rule instanceof CSSStyleRule ? this.#declarations(rule.style) : '';
    return text !== '' && this.#push(`${selector}{${text}}`);
  }

  /** All of it as the text of one style sheet, which can not end its element. */
  text(): string {
    return this.#rules.join('\n').replaceAll('<', '\\3c ');
  }

  #read(css: string): CSSStyleSheet | null {
    // Where there are none (not in a browser), a message is shown without its styles.
    if (typeof CSSStyleSheet === 'undefined' || !('replaceSync' in CSSStyleSheet.prototype)) {
      return null;
    }
    this.#chars += css.length;
    if (this.#chars > MAX_CSS_CHARS) return null;
    const sheet = new CSSStyleSheet();
    // Made by a script, a sheet loads nothing: it leaves imports out, and is never put into a page.
    sheet.replaceSync(css);
    return sheet;
  }

  #take(rules: CSSRuleList, within: (text: string) => string): void {
    for (const rule of rules) {
      if (rule instanceof CSSStyleRule) {
        const text = this.#declarations(rule.style);
        if (text) this.#push(within(`${rule.selectorText}{${text}}`));
      } else if (rule instanceof CSSMediaRule) {
        const { mediaText } = rule.media;
        this.#take(rule.cssRules, (text) => within(`@media ${mediaText}{${text}}`));
      }
    }
  }

  #declarations(style: CSSStyleDeclaration): string {
    const kept: string[] = [];
    for (const name of style) {
      const value = style.getPropertyValue(name);
      if (REACHES_OUT.test(value)) {
        if (/url\(|image|src\(/i.test(value)) this.blocked += 1;
        continue;
      }
      if (REFUSED.test(name) || (name === 'position' && !/^(static|relative)$/.test(value)))
        continue;
      const important = style.getPropertyPriority(name) ? '!important' : '';
      if (value) kept.push(`${name}:${value}${important}`);
    }
    return kept.join(';');
  }

  #push(rule: string): boolean {
    if (this.#rules.length >= MAX_RULES) return false;
    this.#rules.push(rule);
    return true;
  }
}
