import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CLOSED, RulesContext } from '../../guard/rules.ts';
import { PostPage } from '../accounts/post-page.tsx';
import { FakeMail } from '../mail.fixture.ts';
import { FakePost } from '../post.fixture.ts';
import { OwnFilesContext } from './context.ts';
import type { OwnFile, OwnFiles } from './own-files.ts';

// Drawing the page takes jsdom seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** Files that lie in no container. */
class FakeFiles {
  kept: OwnFile[] = [];
  readonly #watchers = new Set<() => void>();

  async list() {
    return this.kept;
  }

  async remove(id: string) {
    this.kept = this.kept.filter((one) => one.id !== id);
    for (const call of this.#watchers) call();
  }

  onChange(call: () => void) {
    this.#watchers.add(call);
    return () => this.#watchers.delete(call);
  }
}

let root: Root;
let files: FakeFiles;

const settled = (then: () => unknown = () => undefined) => act(async () => void (await then()));
const text = () => (document.body.textContent ?? '').replace(/[\u2068\u2069]/g, '');
const link = () => document.querySelector<HTMLElement>('.fa-mail__folder--files');

async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(
    async () => {
      await settled();
      expect(holds(), text()).toBe(true);
    },
    { timeout: 20_000 },
  );
}

async function press(name: string): Promise<void> {
  const named = () =>
    [...document.querySelectorAll<HTMLElement>('button')].findLast((one) =>
      [one.getAttribute('aria-label'), one.textContent].includes(name),
    );
  await until(() => named() !== undefined);
  await settled(() => named()?.click());
}

const show = (mayKeep: boolean) =>
  settled(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <RulesContext value={{ ...CLOSED, files: mayKeep }}>
          <OwnFilesContext value={files as unknown as OwnFiles}>
            <PostPage post={new FakePost(new FakeMail(Date.now()))} />
          </OwnFilesContext>
        </RulesContext>
      </I18nProvider>,
    ),
  );

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // jsdom has none, and the names here need no escaping.
  vi.stubGlobal('CSS', { escape: (name: string) => name });
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  history.replaceState(null, '', '/');
  files = new FakeFiles();
  root = createRoot(document.body.appendChild(document.createElement('div')));
});

afterEach(async () => {
  await settled(() => root.unmount());
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

it('shows what was put aside where the administration switched the area off, and lets it be removed', async () => {
  const plan = { id: '1', name: 'Plan.pdf', type: 'application/pdf', sizeBytes: 3, addedAtMs: 0 };
  files.kept = [{ ...plan, blobId: null }];
  await show(false);
  await until(() => link() !== null);
  await settled(() => link()?.click());
  await until(() => text().includes('Ihre Verwaltung hat die Ablage ausgeschaltet'));
  expect(text()).toContain('Plan.pdf');
  await press('„Plan.pdf“ löschen');
  await press('Datei löschen');
  await until(() => files.kept.length === 0 && link() === null);
});

it('has no area where nothing lies in it and nothing may be kept', async () => {
  await show(false);
  await until(() => text().includes('Alles erledigt'));
  expect(link()).toBeNull();
  await show(true);
  await until(() => link() !== null);
});
