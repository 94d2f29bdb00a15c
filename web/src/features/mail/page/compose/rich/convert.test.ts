import { describe, expect, it } from 'vitest';
import { cleaned } from './clean.ts';
import { htmlOf, isFormatted, textOf } from './convert.ts';

const textOfHtml = (html: string) => textOf(cleaned(html));

describe('a text', () => {
  it('is the same after it was HTML', () => {
    const text =
      'Guten Tag,\n\n  a < b & "c"\n\n-- \nErika\n\nJens schrieb:\n> Eins\n>> Zwei\n> Drei\nSchluss';
    expect(textOfHtml(htmlOf(text))).toBe(text);
    expect(isFormatted(cleaned(htmlOf(text)))).toBe(false);
  });

  it('keeps quotes, lists and where links lead', () => {
    expect(
      textOfHtml(
        '<div>Bitte <b>bis Freitag</b>:</div><ol><li>Plan</li><li>Bild</li></ol><ul><li>eins<br>zwei</li></ul><blockquote><div>Frage</div></blockquote><div><a href="https://x.example/a">Plan</a> <a href="mailto:e@x.example">e@x.example</a></div><div><br></div>',
      ),
    ).toBe(
      'Bitte bis Freitag:\n1. Plan\n2. Bild\n- eins\n  zwei\n> Frage\nPlan <https://x.example/a> e@x.example',
    );
  });
});

it('leaves nothing of what is pasted that runs, fetches or looks strange', () => {
  const box = document.createElement('div');
  box.append(
    cleaned(
      '<style>*{color:red}</style><script>x()</script><p style="font-size:99px" class="x" onclick="x()">Text</p><img src="https://e.example/x"><a href="javascript:x()">a</a><a href="https://x.example" target="_top">b</a><iframe src="https://e.example"></iframe><font color="red">rot</font>',
    ),
  );
  expect(box.innerHTML).toBe(
    '<p>Text</p><a rel="noopener noreferrer">a</a><a href="https://x.example" rel="noopener noreferrer">b</a>rot',
  );
});
