import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { act, type ReactNode, useState } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PickMany, PickOne } from './picker.tsx';

const people = ['Maxi Muster', 'Max Mut', 'Erika Muster'].map((label, id) => ({
  id: `person-${id}`,
  label,
}));

// Drawing lists takes jsdom seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let root: Root;
let picked: string[];

/** As where people are invited: what is chosen goes to a list elsewhere, the field stays empty. */
function OneByOne() {
  const [gone, setGone] = useState<string[]>([]);
  return (
    <PickOne
      label="Person"
      name="person"
      choices={people.filter(({ id }) => !gone.includes(id))}
      value=""
      onChange={(id) => {
        picked = [...picked, id];
        setGone(picked);
      }}
    />
  );
}

function Many() {
  const [values, setValues] = useState<string[]>([]);
  picked = values;
  return (
    <PickMany label="Person" name="person" choices={people} values={values} onChange={setValues} />
  );
}

/** More choices than are drawn at once: what is chosen need not be among those shown. */
function Kept() {
  const [value, setValue] = useState('7');
  const choices = Array.from({ length: 42 }, (_, id) => ({ id: `${id}`, label: `Zone ${id}` }));
  return (
    <PickOne
      label="Zone"
      name="zone"
      choices={choices}
      value={value}
      onChange={(id) => {
        picked = [...picked, id];
        setValue(id);
      }}
    />
  );
}

const field = () => document.querySelector('input[role=combobox]') as HTMLInputElement;
const isOpen = () => field().getAttribute('aria-expanded') === 'true';
const options = () =>
  [...document.querySelectorAll('[role=option]')].map(({ textContent }) => textContent);
/** Whether what lies beside the field is there for assistive technology. */
const outsideHidden = () => document.querySelector('main')?.closest('[aria-hidden]') !== null;

const settled = (then: () => void) => act(async () => then());

function type(text: string) {
  const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
  return settled(() => {
    value?.set?.call(field(), text);
    field().dispatchEvent(new Event('input', { bubbles: true }));
  });
}

const press = (key: string) =>
  settled(() => {
    field().dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    field().dispatchEvent(new KeyboardEvent('keyup', { key, bubbles: true, cancelable: true }));
  });

async function show(shown: ReactNode) {
  await settled(() =>
    root.render(
      <I18nProvider i18n={i18n}>
        <main>Daneben</main>
        {shown}
      </I18nProvider>,
    ),
  );
  await settled(() => field().focus());
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  // jsdom has none, and the names here need no escaping.
  vi.stubGlobal('CSS', { escape: (name: string) => name });
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  picked = [];
  root = createRoot(document.body.appendChild(document.createElement('div')));
});

afterEach(async () => {
  await settled(() => root.unmount());
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

describe.each([
  ['one that goes elsewhere', <OneByOne key="one" />],
  ['many', <Many key="many" />],
])('a picker of %s', (_, shown) => {
  it('closes after a choice, and opens again with the next letter', async () => {
    await show(shown);
    await type('max');
    expect(options()).toEqual(['Maxi Muster', 'Max Mut']);
    expect(outsideHidden()).toBe(true);
    await press('ArrowDown');
    await press('Enter');
    expect(picked).toEqual(['person-0']);
    expect([isOpen(), options(), outsideHidden()]).toEqual([false, [], false]);
    expect([field().value, document.activeElement === field()]).toEqual(['', true]);
    await type('m');
    expect(options()).toEqual(['Max Mut', 'Erika Muster']);
    await press('ArrowDown');
    await press('Enter');
    expect(picked).toEqual(['person-0', 'person-1']);
    expect(isOpen()).toBe(false);
    await press('ArrowDown');
    expect(options()).toEqual(['Erika Muster']);
    await press('Enter');
    expect(picked).toEqual(['person-0', 'person-1', 'person-2']);
    expect([isOpen(), outsideHidden()]).toEqual([false, false]);
  });
});

describe('a picker of one that stays in the field', () => {
  it('says a choice once, and stays closed where it is not among those shown', async () => {
    await show(<Kept />);
    await type('41');
    await press('ArrowDown');
    await press('Enter');
    expect(picked).toEqual(['41']);
    expect([isOpen(), field().value]).toEqual([false, 'Zone 41']);
  });
});
