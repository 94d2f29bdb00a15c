import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { locale } from '../../i18n/index.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox } from '../../ui/choices.tsx';
import { icons } from '../../ui/icon.tsx';
import type { PostShell } from '../controller.ts';
import type { State } from '../state.ts';
import { ComplaintAlert } from './complaint.tsx';
import { Panel } from './panel.tsx';

type TermsScreenProps = { state: State & { at: 'terms' }; shell: PostShell };

/** What the office wants a person to agree to before mail lies on this device. */
export default function TermsScreen({ state, shell }: TermsScreenProps) {
  const { t } = useLingui();
  const { standing, complaint, working } = state;
  const { de, en, app } = standing.terms;
  const [isThere, setThere] = useState(false);
  const [text, language] = (locale() === 'en' && en) || !de ? [en, 'en'] : [de, 'de'];
  return (
    <Panel title={text ? t`Nutzungsbedingungen` : t`Sicherheits-App`} office={standing.office}>
      <p>
        {text ? (
          <Trans>
            Bevor Sie Ihre Post auf diesem Gerät öffnen, bittet Ihre Verwaltung Sie, dem Folgenden
            zuzustimmen. Ihre Zustimmung wird mit Person, Gerät und Zeit festgehalten.
          </Trans>
        ) : (
          <Trans>
            Bevor Sie Ihre Post auf diesem Gerät öffnen, fragt Ihre Verwaltung nach einer
            Sicherheits-App. Ihre Antwort wird mit Person, Gerät und Zeit festgehalten.
          </Trans>
        )}
      </p>
      {complaint && <ComplaintAlert complaint={complaint} />}
      {text && (
        <section
          className="fp-terms"
          lang={language}
          aria-label={t`Text der Nutzungsbedingungen`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
          tabIndex={0}
        >
          {text}
        </section>
      )}
      {app && (
        <Checkbox
          label={t`„${app}“ ist auf diesem Gerät installiert`}
          hint={t`Ihre Verwaltung verlangt diese Sicherheits-App auf Telefonen und Tablets. Das Gerät bekommt dafür eine Lizenz.`}
          name="app"
          checked={isThere}
          onChange={setThere}
        />
      )}
      <div className="fa-form__actions">
        <Button
          variant="primary"
          block
          icon={icons.iconCheck}
          pending={working}
          isDisabled={app !== null && !isThere}
          onPress={() => void shell.acceptTerms()}
        >
          {text ? <Trans>Ich stimme zu</Trans> : <Trans>Weiter</Trans>}
        </Button>
      </div>
      <p className="fa-muted fa-small">
        {text ? (
          <Trans>
            Wenn Sie nicht zustimmen, schließen Sie die Seite einfach. Auf dem Server ist Ihre Post
            davon nicht betroffen.
          </Trans>
        ) : (
          <Trans>
            Haben Sie die App nicht, schließen Sie die Seite einfach. Auf dem Server ist Ihre Post
            davon nicht betroffen.
          </Trans>
        )}
      </p>
    </Panel>
  );
}
