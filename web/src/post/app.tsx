import { useLingui } from '@lingui/react';
import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react';
import { I18nProvider } from 'react-aria-components';
import { formatLocale } from '../i18n/index.ts';
import { StatusRegion } from '../ui/status.tsx';
import type { PostShell } from './controller.ts';
import { DefectScreen } from './screens/defect.tsx';
import { LockedScreen } from './screens/locked.tsx';
import { NewScreen } from './screens/new.tsx';
import {
  AskingScreen,
  DeviceScreen,
  NoAnswerScreen,
  NoLineScreen,
  NotFreshScreen,
  SignedOutScreen,
} from './screens/waiting.tsx';

// Most people never need it.
const OfflineScreen = lazy(() => import('./screens/offline.tsx'));
const TermsScreen = lazy(() => import('./screens/terms.tsx'));
// Nor is what is behind the lock needed to open it.
const loadDesk = () => import('./desk.tsx');
const Desk = lazy(loadDesk);

/** The whole page: one screen for each state of the shell. */
export function App({ shell }: { shell: PostShell }) {
  // Subscribes to the language, so that formats change with the words.
  useLingui();
  return (
    <I18nProvider locale={formatLocale()}>
      <Suspense fallback={<AskingScreen />}>
        <Screen shell={shell} />
      </Suspense>
      <StatusRegion />
    </I18nProvider>
  );
}

function Screen({ shell }: { shell: PostShell }) {
  const state = useSyncExternalStore(shell.subscribe, shell.state);
  // While the passphrase is typed.
  useEffect(() => void loadDesk().catch(() => undefined), []);
  switch (state.at) {
    case 'asking':
      return <AskingScreen />;
    case 'signed_out':
      return <SignedOutScreen wasOpen={state.wasOpen} />;
    case 'device':
      return <DeviceScreen is={state.is} onRetry={() => shell.ask()} />;
    case 'no_line':
      return <NoLineScreen state={state} onRetry={() => shell.ask()} />;
    case 'locked_offline':
      return <OfflineScreen state={state} shell={shell} />;
    case 'terms':
      return <TermsScreen state={state} shell={shell} />;
    case 'no_answer':
      return <NoAnswerScreen detail={state.detail} onRetry={() => shell.ask()} />;
    case 'not_fresh':
      return <NotFreshScreen locked={state.locked} />;
    case 'new':
      return <NewScreen state={state} onCreate={(passphrase) => shell.create(passphrase)} />;
    case 'locked':
      return <LockedScreen state={state} shell={shell} />;
    case 'defect':
      return <DefectScreen state={state} shell={shell} />;
    case 'unlocked':
      return <Desk standing={state.standing} isOffline={state.isOffline} shell={shell} />;
  }
}
