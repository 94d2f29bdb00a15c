import { defineConfig } from '@lingui/conf';
import { formatter } from '@lingui/format-po';

// The account lies in a folder of the identity, but most of it is not needed to sign in.
const features = [
  'identity',
  'identity/account',
  'access',
  'help',
  'admin',
  'conference/join',
  'conference/meeting',
  'conference/rooms',
  'mail/page',
];

// A catalogue a feature: each is loaded with its feature, so that the first page stays small.
export default defineConfig({
  sourceLocale: 'de',
  locales: ['de', 'en'],
  format: formatter({ lineNumbers: false, origins: false }),
  catalogs: [
    {
      path: '<rootDir>/src/i18n/locales/{locale}',
      include: ['<rootDir>/src/app', '<rootDir>/src/ui', '<rootDir>/src/api', '<rootDir>/src/i18n'],
    },
    {
      path: '<rootDir>/src/post/locales/{locale}',
      include: ['<rootDir>/src/post'],
    },
    ...features.map((name) => ({
      path: `<rootDir>/src/features/${name}/locales/{locale}`,
      include: [
        `<rootDir>/src/features/${name}`,
        // What lies around the page is loaded with it.
        ...(name === 'mail/page' ? ['<rootDir>/src/features/mail/guard'] : []),
      ],
      exclude: features
        .filter((inner) => inner.startsWith(`${name}/`))
        .map((inner) => `<rootDir>/src/features/${inner}/**`),
    })),
  ],
});
