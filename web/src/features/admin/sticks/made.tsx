import { plural } from '@lingui/core/macro';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { Button, ButtonLink } from '../../../ui/button.tsx';
import { CopyField } from '../../../ui/copy-field.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert, EmptyState } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { dateTime } from '../format.ts';
import { Letters } from './letters.tsx';
import { PackageButton, usePackages } from './packages.tsx';
import { leftOutText } from './words.ts';

type Made = { made: Schema<'CreatedSticks'> };

/** What was made: each activation code once, the packages, the letters, and who got nothing. */
export function MadeSticks({ made }: Made) {
  const { t } = useLingui();
  const { sticks } = made;
  const [first] = sticks;
  const one = sticks.length === 1 && first;
  const title = one
    ? t`Der Stick für ${one.stick.person_name} ist angelegt`
    : first
      ? plural(sticks.length, { one: '# Stick ist angelegt', other: '# Sticks sind angelegt' })
      : t`Es wurde kein Stick angelegt`;
  return (
    <Page title={title} back={{ to: '/verwaltung/sticks', label: t`Sticks` }} narrow>
      {sticks.length > 0 && <NextSteps made={made} />}
      {sticks.length > 0 && (
        <Card title={<Trans>Aktivierungscodes</Trans>}>
          <ul className="fa-list">
            {sticks.map(({ stick, activation_code: code }) => (
              <li key={stick.id}>
                <div className="fa-list__text fa-stack fa-stack--tight">
                  <Link to="/verwaltung/sticks/$id" params={{ id: stick.id }}>
                    <strong>{stick.person_name}</strong>
                  </Link>
                  <CopyField label={t`Aktivierungscode für ${stick.person_name}`} value={code} />
                </div>
                {!one && <PackageButton stick={stick} small />}
              </li>
            ))}
          </ul>
        </Card>
      )}
      <LeftOut made={made} />
      <div className="fa-row">
        <ButtonLink to="/verwaltung/sticks">
          <Trans>Zu allen Sticks</Trans>
        </ButtonLink>
      </div>
      {sticks.length > 0 && <Letters sticks={sticks} />}
    </Page>
  );
}

function NextSteps({ made: { sticks } }: Made) {
  const packages = usePackages();
  const until = sticks[0] ? dateTime(sticks[0].expires_at) : '';
  return (
    <Card>
      <Alert tone="warning" title={<Trans>Diese Codes sehen Sie nur jetzt</Trans>}>
        <p>
          <Trans>
            Drucken Sie die Briefe, bevor Sie die Seite verlassen. Jeder Code gilt einmal und bis{' '}
            {until}. Geht einer verloren, erzeugen Sie beim Stick einen neuen.
          </Trans>
        </p>
      </Alert>
      <ol className="fa-steps">
        <li>
          <p>
            <Trans>Drucken Sie die Briefe: einer je Person, mit Code und Anleitung.</Trans>
          </p>
          <Button variant="primary" icon={icons.iconPrint} onPress={() => window.print()}>
            <Plural value={sticks.length} one="Brief drucken" other="# Briefe drucken" />
          </Button>
        </li>
        <li>
          <p>
            {sticks.length === 1 ? (
              <Trans>
                Laden Sie das Paket herunter und entpacken Sie es auf den USB-Stick. Es enthält kein
                Geheimnis.
              </Trans>
            ) : (
              <Trans>
                Laden Sie die Pakete herunter. Jede Person hat darin ihren Ordner; kopieren Sie
                dessen Inhalt und die Programme auf ihren USB-Stick. Geheimnisse sind keine darin.
              </Trans>
            )}
          </p>
          <Button
            icon={icons.iconDownload}
            pending={packages.isPending}
            onPress={() => packages.mutate(sticks.map(({ stick }) => stick))}
          >
            {sticks.length === 1 ? (
              <Trans>Paket herunterladen</Trans>
            ) : (
              <Trans>Alle Pakete herunterladen</Trans>
            )}
          </Button>
        </li>
        <li>
          <p>
            <Trans>
              Geben Sie Stick und Brief getrennt aus. Wer nur eines von beiden findet, kann nichts
              damit anfangen.
            </Trans>
          </p>
        </li>
      </ol>
    </Card>
  );
}

function LeftOut({ made: { sticks, left_out } }: Made) {
  if (left_out.length === 0 && sticks.length > 0) return null;
  if (left_out.length === 0) {
    return (
      <EmptyState icon={icons.iconGroups} title={<Trans>Niemand ist in dieser Gruppe</Trans>}>
        <p>
          <Trans>Nehmen Sie Personen in die Gruppe auf, oder wählen Sie sie einzeln.</Trans>
        </p>
      </EmptyState>
    );
  }
  return (
    <Card
      title={
        <Plural
          value={left_out.length}
          one="Eine Person hat keinen Stick bekommen"
          other="# Personen haben keinen Stick bekommen"
        />
      }
    >
      <ul className="fa-list">
        {left_out.map(({ person, reason }) => (
          <li key={person.id}>
            <span className="fa-list__text">
              <Link to="/verwaltung/personen/$id" params={{ id: person.id }}>
                {person.display_name}
              </Link>
              : {leftOutText(reason)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
