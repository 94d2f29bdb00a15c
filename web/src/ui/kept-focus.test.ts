import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepFocus } from './kept-focus.ts';

let end: () => void;

beforeEach(() => {
  end = keepFocus();
});
afterEach(() => {
  end();
  document.body.replaceChildren();
});

function draw(html: string): void {
  document.body.insertAdjacentHTML('beforeend', html);
}

function get(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return found;
}

const frame = () => new Promise(requestAnimationFrame);
/** What has the focus, once everybody had their turn. */
async function settled(): Promise<string> {
  for (let count = 0; count < 4; count += 1) await frame();
  const at = document.activeElement;
  return at === document.body ? 'nothing' : (at?.id ?? '');
}

const PAGE =
  '<main><h1 id="title" tabindex="-1">Seite</h1><p id="row"><button id="deed">Tun</button></p></main>';

it('comes to the heading of the page when the row is gone', async () => {
  draw(PAGE);
  get('#deed').focus();
  get('#row').remove();
  expect(await settled()).toBe('title');
});

it('comes to the nearest home, which takes it only as long as it has it', async () => {
  draw('<section id="outer" data-focus-home><div id="home" data-focus-home><button id="deed">');
  draw('<button id="other">');
  get('#deed').focus();
  get('#deed').setAttribute('disabled', '');
  expect(await settled()).toBe('home');
  get('#other').focus();
  expect(get('#home').hasAttribute('tabindex')).toBe(false);
});

it('goes on from a dialog to what opened it, and from there to what is around that', async () => {
  draw(PAGE);
  draw('<div id="home" data-focus-home><button id="opener"></button></div>');
  get('#opener').focus();
  draw('<div role="alertdialog" id="question" tabindex="-1"><button id="yes">');
  get('#yes').focus();
  get('#question').remove();
  expect(await settled()).toBe('opener');
  draw('<div role="alertdialog" id="question" tabindex="-1"><button id="yes">');
  get('#yes').focus();
  get('#opener').remove();
  get('#question').remove();
  expect(await settled()).toBe('home');
});

it('does not leave it on the cross of the dialog around', async () => {
  draw(
    '<div role="dialog" id="dialog" tabindex="-1"><div class="fa-dialog__head"><button id="cross"></button></div><button id="deed">',
  );
  get('#deed').focus();
  get('#deed').remove();
  get('#cross').focus();
  expect(await settled()).toBe('dialog');
});

it('leaves it where somebody else brought it', async () => {
  draw(PAGE);
  draw('<button id="next">');
  get('#deed').focus();
  get('#row').remove();
  get('#next').focus();
  expect(await settled()).toBe('next');
});

it('does nothing where nothing had it', async () => {
  draw(PAGE);
  get('#row').remove();
  expect(await settled()).toBe('nothing');
});
