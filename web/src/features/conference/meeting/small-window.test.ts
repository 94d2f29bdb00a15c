import { describe, expect, it } from 'vitest';
import { smallTile } from './small-window.tsx';
import { tile } from './stage/tile.fixture.ts';

describe('the small window', () => {
  it('shows another’s screen before who spoke, who spoke before the others, and oneself last', () => {
    const me = tile('me', { own: true });
    const [ada, ole] = [tile('ada'), tile('ole')];
    const screen = tile('ole/screen', { kind: 'screen', identity: 'ole' });
    const own = tile('me/screen', { kind: 'screen', identity: 'me', own: true });
    expect(smallTile([own, me, ada, ole, screen], ['ada'])?.id).toBe('ole/screen');
    expect(smallTile([own, me, ada, ole], ['me', 'ole', 'ada'])?.id).toBe('ole');
    expect(smallTile([me, ada, ole], [])?.id).toBe('ada');
    expect(smallTile([me], ['me'])?.id).toBe('me');
    expect(smallTile([], [])).toBeUndefined();
  });
});
