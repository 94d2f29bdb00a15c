import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { createLazyRoute } from '@tanstack/react-router';
import { useState } from 'react';
import { api, must } from '../../../api/client.ts';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { sessionQuery, useSession } from '../../../app/queries.ts';
import { chooseTheme, chosenTheme, type Theme } from '../../../app/theme.ts';
import { chooseLanguage } from '../../../i18n/index.ts';
import { RadioGroup } from '../../../ui/choices.tsx';
import { Card } from '../../../ui/page.tsx';

export const AppearanceRoute = createLazyRoute('/angemeldet/haus/konto/darstellung')({
  component: AppearancePage,
});

type Language = 'browser' | 'de' | 'en';

function AppearancePage() {
  const { t } = useLingui();
  const cache = useQueryClient();
  const { person } = useSession();
  const [theme, setTheme] = useState<Theme>(chosenTheme());
  const [problem, setProblem] = useState<unknown>();
  const language: Language =
    person.language === 'de' || person.language === 'en' ? person.language : 'browser';

  const setLanguage = async (next: Language) => {
    setProblem(undefined);
    const chosen = next === 'browser' ? null : next;
    try {
      await must(api.PUT('/api/v1/me/language', { body: { language: chosen } }));
      await chooseLanguage(chosen);
      await cache.invalidateQueries(sessionQuery);
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <>
      <Card title={<Trans>Sprache</Trans>}>
        {problem !== undefined && <ProblemAlert problem={problem} />}
        <RadioGroup<Language>
          legend={t`In dieser Sprache spricht Fernamt mit Ihnen`}
          name="language"
          value={language}
          onChange={(next) => void setLanguage(next)}
          options={[
            { value: 'browser', label: t`Wie der Browser` },
            { value: 'de', label: 'Deutsch' },
            { value: 'en', label: 'English' },
          ]}
        />
      </Card>
      <Card title={<Trans>Darstellung</Trans>}>
        <RadioGroup<Theme>
          legend={t`Gilt in diesem Browser`}
          name="theme"
          value={theme}
          onChange={(next) => {
            chooseTheme(next);
            setTheme(next);
          }}
          options={[
            { value: 'system', label: t`Wie das Gerät` },
            { value: 'light', label: t`Hell` },
            { value: 'dark', label: t`Dunkel` },
          ]}
        />
        <p className="fa-muted">
          <Trans>
            Schriftgröße und Zoom stellen Sie im Browser ein (Strg und Plus). Einstellungen für
            hohen Kontrast übernimmt Fernamt vom Gerät.
          </Trans>
        </p>
      </Card>
    </>
  );
}
