import type { Plugin } from 'vite';

const catalogue = /\/react-aria[^/]*\/dist\/private\/intl\/\w+\/([a-z]{2}-[A-Z]{2})\.m?js$/;

/** React Aria speaks thirty languages; the app offers two. The others are left out of the bundle. */
export function ownLanguages(...kept: string[]): Plugin {
  return {
    name: 'fernamt:own-languages',
    apply: 'build',
    enforce: 'pre',
    load: {
      filter: { id: catalogue },
      handler(id) {
        const language = catalogue.exec(id)?.[1];
        return language && !kept.includes(language) ? 'export default {};' : null;
      },
    },
  };
}
