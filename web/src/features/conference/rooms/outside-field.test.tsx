import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';
import { type FormState, useForm } from '../../../ui/form.tsx';
import { emptyValues, type Values } from './form-values.ts';
import { OutsideField } from './outside-field.tsx';
import type { Options } from './queries.ts';

const options = { time_zone: 'Europe/Berlin', limits: { most_minutes: 720 }, usual: [] };
let form: FormState<Values>;

function Shown() {
  form = useForm<Values>({
    initial: emptyValues('meeting', options as unknown as Options, 0),
    validate: () => ({ outside: 'Das geht nicht.' }),
    submit: async () => undefined,
  });
  return <OutsideField form={form} most={2} />;
}

function type(text: string) {
  const area = document.querySelector('textarea');
  const value = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
  value?.set?.call(area, text);
  flushSync(() => area?.dispatchEvent(new Event('input', { bubbles: true })));
}

const add = () => flushSync(() => document.querySelector('button')?.click());
const left = () => document.querySelector('textarea')?.value;
const fault = () => document.querySelector('.kern-error')?.textContent ?? '';

it('says what is wrong with an address until something else is typed', () => {
  i18n.loadAndActivate({ locale: 'de', messages: {} });
  const place = document.body.appendChild(document.createElement('div'));
  flushSync(() =>
    createRoot(place).render(
      <I18nProvider i18n={i18n}>
        <Shown />
      </I18nProvider>,
    ),
  );
  type('a@b.de\nniemand');
  add();
  expect(form.values.people.map(({ address }) => address)).toEqual(['a@b.de']);
  expect([left(), fault()]).toEqual(['niemand', 'Keine E-Mail-Adresse: niemand.']);
  type('niemand@b.de');
  expect(fault()).toBe('');
  type('A@b.de');
  add();
  expect([left(), fault()]).toEqual(['', 'Schon eingeladen: A@b.de.']);
  type('c@b.de, d@b.de');
  add();
  expect([left(), fault()]).toEqual(['d@b.de', 'Es sind nicht mehr als 2 Personen möglich.']);
  type('');
  expect(fault()).toBe('');
  flushSync(() => void form.submit());
  expect(fault()).toBe('Das geht nicht.');
  type('e@b.de');
  expect(fault()).toBe('');
});
