import type { Page } from 'playwright-core';

/**
 * What a reader who chose the colours of all pages would miss: icons in colours of our own, a list without its arrow,
 * the present page among the others, and the picture that the telephone's camera reads.
 */
export function unseenInForcedColours(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const style = (element: Element, pseudo?: string) => getComputedStyle(element, pseudo);
    const canvas = style(document.documentElement).backgroundColor;
    const all = (selector: string) => [...document.querySelectorAll(selector)];
    const icons = all('.fa-icon').filter(
      (icon) => icon.parentElement && style(icon).color !== style(icon.parentElement).color,
    );
    const lists = all('.kern-form-input__select-wrapper').filter((list) => {
      const { backgroundColor, forcedColorAdjust } = style(
        list,
        '::after',
      ) as CSSStyleDeclaration & {
        forcedColorAdjust: string;
      };
      return forcedColorAdjust !== 'none' || backgroundColor === canvas;
    });
    const present = all(':is(.fa-rail, .fa-admin__nav, .fa-tabs) [aria-current="page"]').filter(
      (link) =>
        link.checkVisibility() &&
        style(link).outlineStyle === 'none' &&
        style(link).borderBottomColor === canvas,
    );
    const pictures = all('.fa-qr').filter(
      (picture) => style(picture).backgroundColor !== 'rgb(255, 255, 255)',
    );
    return [...icons, ...lists, ...present, ...pictures].map((element) =>
      element.outerHTML.slice(0, 160),
    );
  });
}

/** What still moves for a reader who asked for less motion; colours may fade, and a slow sign of waiting may turn. */
export function movingAgainstWishes(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const seconds = (list: string) => Math.max(...list.split(',').map(Number.parseFloat));
    const moves = (element: Element) => {
      const style = getComputedStyle(element);
      const animated = style.animationName !== 'none' && seconds(style.animationDuration) < 4;
      const moved = /all|transform|translate|scale|rotate|width|height|top|left|margin|inset/;
      const transition =
        seconds(style.transitionDuration) > 0 && moved.test(style.transitionProperty);
      return animated || transition || style.scrollBehavior === 'smooth';
    };
    return [...document.querySelectorAll('*')]
      .filter(moves)
      .map((element) => element.outerHTML.slice(0, 160));
  });
}
