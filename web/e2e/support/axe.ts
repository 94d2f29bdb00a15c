import axe from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe finds on the page, one line each: WCAG 2.1 AA and its best practices. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: typeof axe }).axe;
    // An alert dialog hides the page behind it, as a dialog does; axe only knows the latter by its
    // role, and guesses the former from the picture.
    const asked = document.querySelector('[role=alertdialog]') !== null;
    const { violations } = await run.run(
      { exclude: [['[data-live-announcer]']] },
      {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
        rules: {
          'landmark-one-main': { enabled: !asked },
          'page-has-heading-one': { enabled: !asked },
        },
      },
    );
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`),
    }));
  });
  return found.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.join(' | ')}`);
}

/** Whether something sticks out of the page at the side. */
export async function overflowsSideways(page: Page): Promise<boolean> {
  return page.evaluate(
    () => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1,
  );
}
