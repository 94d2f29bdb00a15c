import { Trans, useLingui } from '@lingui/react/macro';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { IconButton } from '../../../../ui/button.tsx';
import { icons } from '../../../../ui/icon.tsx';
import {
  arrange,
  galleryCapacity,
  gridOf,
  type Layout,
  type Size,
  type TileView,
} from './arrange.ts';
import { Tile } from './tile.tsx';

type StageProps = {
  tiles: readonly TileView[];
  layout: Layout;
  pinned: string | null;
  /** Who spoke lately, the latest first. */
  heard: readonly string[];
  menuOf: (tile: TileView) => ReactNode;
  /** Stands over the stage: reactions, the banner of a broken line. */
  children?: ReactNode;
};

const STRIP_BESIDE = 900;
const STRIP_WIDTH = 208;
const STRIP_HEIGHT = 104;
const GAP = 8;
const RATIO = 16 / 9;

/** The pictures of all, arranged so that they are as large as can be. */
export function Stage({ tiles, layout, pinned, heard, menuOf, children }: StageProps) {
  const { t } = useLingui();
  const [box, size] = useSize();
  const [page, setPage] = useState(0);
  const beside = size.width >= STRIP_BESIDE;
  const focused = layout !== 'gallery' || tiles.some(({ id }) => id === pinned);
  const perPage = focused ? stripCapacity(size, beside) : galleryCapacity(size);
  const stage = arrange({ tiles, layout, pinned, heard, page, perPage });
  const single = stage.rest.length === 0;
  const grid = gridOf(stage.rest.length, size);

  return (
    <div className="fa-stage">
      <div className="fa-stage__box" ref={box}>
        {stage.focus.length > 0 && (
          <div
            className={`fa-stage__focus ${beside ? 'fa-stage__focus--beside' : ''} ${single ? 'fa-stage__focus--alone' : ''}`}
          >
            <ul className="fa-stage__large" aria-label={t`Im Mittelpunkt`}>
              {stage.focus.map((tile) => (
                <Tile key={tile.id} tile={tile} large menu={menuOf(tile)} />
              ))}
            </ul>
            {!single && (
              <ul className="fa-stage__strip" aria-label={t`Weitere Teilnehmende`}>
                {stage.rest.map((tile) => (
                  <Tile key={tile.id} tile={tile} menu={menuOf(tile)} />
                ))}
              </ul>
            )}
          </div>
        )}
        {tiles.length === 0 && (
          <p className="fa-stage__none">
            <Trans>Noch ist niemand auf der Bühne. Sobald jemand kommt, sehen Sie es hier.</Trans>
          </p>
        )}
        {stage.rest.length > 0 && stage.focus.length === 0 && (
          <ul
            className="fa-stage__grid"
            aria-label={t`Teilnehmende`}
            style={{
              gridTemplateColumns: `repeat(${grid.columns}, ${Math.floor(grid.tile.width)}px)`,
            }}
          >
            {stage.rest.map((tile) => (
              <Tile
                key={tile.id}
                tile={tile}
                menu={menuOf(tile)}
                style={{
                  width: Math.floor(grid.tile.width),
                  height: Math.floor(grid.tile.height),
                }}
              />
            ))}
          </ul>
        )}
        {children}
      </div>
      {stage.pages > 1 && (
        <nav className="fa-stage__pages" aria-label={t`Seiten der Galerie`}>
          <IconButton
            label={t`Vorherige Seite`}
            icon={icons.iconChevronLeft}
            isDisabled={stage.page === 0}
            onPress={() => setPage(stage.page - 1)}
          />
          <span>{t`${stage.page + 1} von ${stage.pages}`}</span>
          <IconButton
            label={t`Nächste Seite`}
            icon={icons.iconChevronRight}
            isDisabled={stage.page === stage.pages - 1}
            onPress={() => setPage(stage.page + 1)}
          />
        </nav>
      )}
    </div>
  );
}

function stripCapacity({ width, height }: Size, beside: boolean): number {
  const count = beside
    ? Math.floor((height + GAP) / (STRIP_WIDTH / RATIO + GAP))
    : Math.floor((width + GAP) / (STRIP_HEIGHT * RATIO + GAP));
  return Math.max(1, count);
}

function useSize(): [(element: HTMLDivElement | null) => void, Size] {
  const [element, setElement] = useState<HTMLDivElement | null>(null);
  const [size, setSize] = useState<Size>({ width: 960, height: 540 });
  const latest = useRef(size);
  // Before the first picture is painted: tiles for another stage would flash.
  useLayoutEffect(() => {
    if (!element) return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      if (width === latest.current.width && height === latest.current.height) return;
      latest.current = { width, height };
      setSize({ width, height });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [element]);
  return [setElement, size];
}
