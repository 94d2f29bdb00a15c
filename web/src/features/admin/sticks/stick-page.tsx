import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { useSession } from '../../../app/queries.ts';
import { WordBadge, WordText } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Facts, Page } from '../../../ui/page.tsx';
import { dateTime, day, number } from '../format.ts';
import { type StickDeeds, useStickDeeds } from './deeds.tsx';
import { mayResume } from './list-page.tsx';
import { PackageButton } from './packages.tsx';
import { stickQuery } from './queries.ts';
import { codeWaits, lineWord, stickState, systemName, transportName } from './words.ts';

type Stick = Schema<'Stick'>;

/** One stick: whose it is, how it stands, how its line does, and what can be done about it. */
export function StickPage() {
  const { t } = useLingui();
  const { id } = useParams({ strict: false });
  const stick = useQuery(stickQuery(id ?? ''));
  const deeds = useStickDeeds();
  const name = stick.data?.person_name;
  return (
    <Page
      title={name ? t`Stick von ${name}` : t`Stick`}
      back={{ to: '/verwaltung/sticks', label: t`Sticks` }}
      lead={stick.data && <WordBadge word={stickState(stick.data)} />}
    >
      <Loaded query={stick}>
        {(data) => (
          <>
            <Notice stick={data} />
            <div className="fa-split">
              <div className="fa-stack fa-even-facts">
                <About stick={data} />
                <Line stick={data} />
              </div>
              {data.state !== 'revoked' && (
                <div className="fa-stack fa-split__aside">
                  <Actions stick={data} deeds={deeds} />
                </div>
              )}
            </div>
          </>
        )}
      </Loaded>
      {deeds.dialog}
    </Page>
  );
}

/** What about this stick needs somebody's attention. */
function Notice({ stick }: { stick: Stick }) {
  if (stick.state === 'revoked') return <Gone stick={stick} />;
  if (stick.copied) {
    return (
      <Alert tone="danger" title={<Trans>Eine Kopie dieses Sticks wurde abgewiesen</Trans>}>
        <p>
          {stick.copied_at && <Trans>Bemerkt am {dateTime(stick.copied_at)}. </Trans>}
          <Trans>
            Jemand hat sich mit einer älteren Fassung des Sticks angemeldet. Entweder wurde er
            kopiert, oder jemand hat eine Sicherung des USB-Sticks zurückgespielt. Original und
            Kopie sind gesperrt.
          </Trans>
        </p>
        <p>
          <Trans>
            Fragen Sie die Person. War sie es selbst, hilft ein neuer Aktivierungscode: Damit gilt
            der Stick wieder, und jede Kopie ist wertlos. War sie es nicht, melden Sie den Stick als
            verloren.
          </Trans>
        </p>
      </Alert>
    );
  }
  if (stick.state === 'ordered' && !codeWaits(stick)) {
    return (
      <Alert tone="warning" title={<Trans>Der Aktivierungscode ist abgelaufen</Trans>}>
        <p>
          <Trans>
            Der Stick wurde noch nicht aktiviert. Erzeugen Sie einen neuen Code, wenn die Person ihn
            noch braucht.
          </Trans>
        </p>
      </Alert>
    );
  }
  if (stick.state === 'pending') {
    return (
      <Alert tone="warning" title={<Trans>Dieser Stick wartet auf Ihre Freigabe</Trans>}>
        <p>
          <Trans>
            Nach dem Zurückspielen einer Sicherung gilt kein Stick von selbst weiter. Fragen Sie die
            Person, ob sie ihn noch hat, und geben Sie ihn dann frei.
          </Trans>
        </p>
      </Alert>
    );
  }
  return null;
}

function Gone({ stick }: { stick: Stick }) {
  return (
    <Alert
      tone="info"
      title={
        stick.revoked_as === 'lost' ? (
          <Trans>Verloren gemeldet und für immer gesperrt</Trans>
        ) : (
          <Trans>Für immer gesperrt</Trans>
        )
      }
    >
      <p>
        <Trans>
          Sein Schlüssel gilt nie wieder. Braucht die Person einen Stick, legen Sie einen neuen an.
        </Trans>
      </p>
    </Alert>
  );
}

function About({ stick }: { stick: Stick }) {
  const { t } = useLingui();
  const isAdministrator = useSession().person.roles.includes('administrator');
  const never = t`noch nie`;
  const facts: [React.ReactNode, React.ReactNode][] = [
    [
      t`Person`,
      isAdministrator ? (
        <Link key="person" to="/verwaltung/personen/$id" params={{ id: stick.person_id }}>
          {stick.person_name}
        </Link>
      ) : (
        stick.person_name
      ),
    ],
    [t`Name des Sticks`, stick.name],
    [t`Angelegt`, dateTime(stick.created_at)],
  ];
  if (stick.activation_until && codeWaits(stick)) {
    facts.push([t`Aktivierungscode gilt bis`, dateTime(stick.activation_until)]);
  }
  facts.push([t`Zuletzt benutzt`, stick.last_seen_on ? day(stick.last_seen_on) : never]);
  if (stick.program) {
    const system = stick.system ? ` (${systemName(stick.system)})` : '';
    facts.push([t`Programm`, `${stick.program}${system}`]);
  }
  facts.push([t`Laufende Verbindungen`, number(stick.connections)]);
  if (stick.fingerprint) {
    facts.push([
      t`Fingerabdruck`,
      <code key="fingerprint" className="fa-break fa-small">
        {stick.fingerprint}
      </code>,
    ]);
  }
  return (
    <Card title={<Trans>Auf einen Blick</Trans>}>
      <Facts items={facts} />
    </Card>
  );
}

function Line({ stick: { line, line_on: on } }: { stick: Stick }) {
  const { t } = useLingui();
  return (
    <Card
      title={<Trans>Leitung</Trans>}
      lead={
        <Trans>
          Was der Stick zuletzt gemessen hat. Es sagt etwas darüber, wo jemand wohnt, und wird
          deshalb nach kurzer Frist gelöscht.
        </Trans>
      }
    >
      {line ? (
        <Facts
          items={[
            [t`Zustand`, <WordText key="word" word={lineWord(line)} />],
            [t`Gemessen am`, on ? day(on) : '–'],
            [t`Hin und zurück`, t`${number(line.round_trip_ms)} ms`],
            [t`Verlust`, t`${number(line.loss_permille / 10)} %`],
            [t`Unterbrechungen`, t`${number(line.outages)} seit der Anmeldung`],
            [t`Weg`, transportName(line.transport)],
          ]}
        />
      ) : (
        <p className="fa-muted">
          <Trans>Keine Messung, oder die letzte ist schon gelöscht.</Trans>
        </p>
      )}
    </Card>
  );
}

function Actions({ stick, deeds }: { stick: Stick; deeds: StickDeeds }) {
  return (
    <Card title={<Trans>Was Sie tun können</Trans>}>
      <div className="fa-actions">
        <PackageButton stick={stick} />
        <Button icon={icons.iconKey} onPress={() => deeds.newCode(stick)}>
          <Trans>Neuer Aktivierungscode</Trans>
        </Button>
        {mayResume(stick) && (
          <Button icon={icons.iconCheck} variant="primary" onPress={() => deeds.resume(stick)}>
            <Trans>Stick freigeben</Trans>
          </Button>
        )}
        {stick.state === 'approved' && (
          <Button icon={icons.iconLock} onPress={() => deeds.suspend(stick)}>
            <Trans>Vorläufig sperren</Trans>
          </Button>
        )}
        <Button icon={icons.iconBlock} danger onPress={() => deeds.lose(stick)}>
          <Trans>Als verloren melden</Trans>
        </Button>
        <Button icon={icons.iconStopCircle} danger onPress={() => deeds.end(stick)}>
          <Trans>Stick beenden</Trans>
        </Button>
      </div>
    </Card>
  );
}
