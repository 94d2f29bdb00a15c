/** Through the main site and back: the server redirects. */
export const SIGN_IN = '/.fernamt/begin?path=/';
/** The same, and the person proves anew who it is. */
export const SIGN_IN_ANEW = `${SIGN_IN}&fresh=true`;

/** Where the rest of Fernamt is, as long as the server has not said it: this origin without its first label. */
export function mainOrigin(here: string = location.origin): string {
  return here.replace('://post.', '://');
}
