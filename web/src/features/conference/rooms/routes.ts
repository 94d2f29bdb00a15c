import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../../../app/parents.ts';
import { loadCatalogue } from '../../../i18n/index.ts';

type Pages = typeof import('./pages.ts');
export type RoomsSearch = {
  /** The meetings that are over. */
  vergangen?: boolean;
  /** The kind of a new room. */
  art?: string;
  /** One of a room's meetings. */
  termin?: string;
  /** The room was made just now. */
  neu?: boolean;
};

const text = (value: unknown) => (typeof value === 'string' && value ? value : undefined);

const layout = createRoute({
  getParentRoute: () => shellRoute,
  path: '/besprechungen',
  validateSearch: (search: Record<string, unknown>): RoomsSearch => {
    const [art, termin] = [text(search.art), text(search.termin)];
    return {
      ...(search.vergangen === true && { vergangen: true }),
      ...(art && { art }),
      ...(termin && { termin }),
      ...(search.neu === true && { neu: true }),
    };
  },
  loader: () => loadCatalogue('conference/rooms'),
  component: lazyRouteComponent(() => import('./none.tsx'), 'WhereMeetingsAre'),
});

const at = <const Path extends string>(path: Path, name: keyof Pages) =>
  createRoute({
    getParentRoute: () => layout,
    path,
    component: lazyRouteComponent(() => import('./pages.ts'), name),
  });

/** Rooms and meetings: the list, a booking, one room. */
export const roomsRoute = layout.addChildren([
  at('/', 'ListPage'),
  at('neu', 'NewPage'),
  at('$id', 'RoomPage'),
  at('$id/aendern', 'ChangePage'),
]);
