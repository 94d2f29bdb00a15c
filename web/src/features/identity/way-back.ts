/**
 * Where to go after sign-in. An address of the API, such as the entrance to a web application, is no page of
 * this app: the browser itself must go there.
 */
export function wayBack(zurueck: string | undefined): { href: string; reloadDocument: boolean } {
  const href = zurueck ?? '/';
  return { href, reloadDocument: href.startsWith('/api/') };
}
