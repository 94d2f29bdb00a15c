import '../ui/styles/index.css';
import './post.css';
import { i18n } from '@lingui/core';
import { I18nProvider } from '@lingui/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { applyTheme } from '../app/theme.ts';
import { browserAuthenticator, Container } from '../features/mail/container/index.ts';
import { chooseLanguage, chosenLanguage, loadCatalogue, startLanguage } from '../i18n/index.ts';
import { keepFocus } from '../ui/kept-focus.ts';
import { App } from './app.tsx';
import { PostShell } from './controller.ts';
import { keepPageAgain, renewPage, startKeepingPage } from './offline/keep-page.ts';
import { containerServer } from './server.ts';

applyTheme();
keepFocus();
await startLanguage();
await loadCatalogue('post');

const shell = new PostShell({
  container: new Container(),
  server: containerServer,
  authenticator: browserAuthenticator(location.hostname),
  clock: {
    after(ms, call) {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  },
  keepPage: keepPageAgain,
  renewPage,
});

for (const event of ['pointerdown', 'keydown'] as const) {
  window.addEventListener(event, () => shell.container.touch(), { passive: true, capture: true });
}
window.addEventListener('online', () => void shell.contact());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void shell.contact();
});
// As everywhere in Fernamt: the account's language, unless this browser chose another.
const stop = shell.subscribe(() => {
  const state = shell.state();
  if (!('standing' in state)) return;
  stop();
  const { language } = state.standing.person;
  if (!chosenLanguage() && (language === 'de' || language === 'en')) void chooseLanguage(language);
});

const root = document.getElementById('app');
if (!root) throw new Error('the page has no #app');
createRoot(root).render(
  <StrictMode>
    <I18nProvider i18n={i18n}>
      <App shell={shell} />
    </I18nProvider>
  </StrictMode>,
);
startKeepingPage();
void shell.ask();
