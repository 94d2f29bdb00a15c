import type { Messages } from '@lingui/core';
import { expect, it } from 'vitest';

const catalogues = import.meta.glob<{ messages: Messages }>('../**/locales/en.po', { eager: true });

it('says the same German text the same in English everywhere, since catalogues are merged', () => {
  const said = new Map<string, string>();
  const different: string[] = [];
  for (const { messages } of Object.values(catalogues)) {
    for (const [id, message] of Object.entries(messages)) {
      const text = JSON.stringify(message);
      const before = said.get(id) ?? text;
      said.set(id, before);
      if (before !== text) different.push(`${before} / ${text}`);
    }
  }
  expect(said.size).toBeGreaterThan(500);
  expect(different).toEqual([]);
});
