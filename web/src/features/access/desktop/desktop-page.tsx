import { createLazyRoute } from '@tanstack/react-router';

export const DesktopRoute = createLazyRoute('/angemeldet/arbeitsplatz/$targetId')({
  component: () => null,
});
