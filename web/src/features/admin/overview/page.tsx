import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schema } from '../../../api/client.ts';
import { Loaded } from '../../../app/loaded.tsx';
import { ButtonLink } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Page } from '../../../ui/page.tsx';
import { dateTime, list, number } from '../format.ts';
import { groupsQuery, healthQuery, peopleQuery, rulesQuery, targetsQuery } from '../queries.ts';
import { CopiedAlarm } from '../sticks/list-page.tsx';
import { byUrgency, partTone, partWords } from './parts.ts';

/** How the installation fares, what waits, and on a fresh installation what comes first. */
export function OverviewPage() {
  const { t } = useLingui();
  const health = useQuery(healthQuery);
  return (
    <Page title={t`Überblick`} lead={<Trans>Was läuft, was wartet und was zu tun ist.</Trans>}>
      <Loaded query={health}>
        {(data) => (
          <>
            <Summary health={data} />
            <CopiedAlarm />
            <FirstSteps />
            <Numbers health={data} />
            <Parts parts={data.parts} />
            <p className="fa-muted fa-small">
              <Trans>
                Fernamt {data.version}, läuft seit {dateTime(data.started_at)}. Zonen:{' '}
                {list(data.zones)}.
              </Trans>
            </p>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Summary({ health }: { health: Schema<'Health'> }) {
  const failed = health.parts.filter((part) => part.state === 'failed').length;
  const warnings = health.parts.filter((part) => part.state === 'warning').length;
  if (failed > 0) {
    return (
      <Alert
        tone="danger"
        title={<Plural value={failed} one="Ein Teil ist gestört" other="# Teile sind gestört" />}
      >
        <p>
          <Trans>Was zu tun ist, steht unten beim jeweiligen Teil.</Trans>
        </p>
      </Alert>
    );
  }
  if (warnings > 0) {
    return (
      <Alert
        tone="warning"
        title={
          <Plural
            value={warnings}
            one="Alles läuft. Einen Teil sollten Sie sich ansehen."
            other="Alles läuft. # Teile sollten Sie sich ansehen."
          />
        }
      />
    );
  }
  return <Alert tone="success" title={<Trans>Alles läuft</Trans>} />;
}

function Numbers({ health }: { health: Schema<'Health'> }) {
  return (
    <ul className="fa-numbers">
      <li className={`fa-number ${health.pending_devices > 0 ? 'fa-number--attention' : ''}`}>
        <strong>{number(health.pending_devices)}</strong>
        <Link to="/verwaltung/geraete" search={{ zustand: 'pending' }}>
          <Plural
            value={health.pending_devices}
            one="Gerät wartet auf Freigabe"
            other="Geräte warten auf Freigabe"
          />
        </Link>
      </li>
      <li className="fa-number">
        <strong>{number(health.open_sessions)}</strong>
        <Link to="/verwaltung/sitzungen">
          <Plural value={health.open_sessions} one="offene Sitzung" other="offene Sitzungen" />
        </Link>
      </li>
      <li className="fa-number">
        <strong>{number(health.connections)}</strong>
        <Link to="/verwaltung/sitzungen">
          <Plural
            value={health.connections}
            one="laufende Verbindung"
            other="laufende Verbindungen"
          />
        </Link>
      </li>
    </ul>
  );
}

function Parts({ parts }: { parts: readonly Schema<'Part'>[] }) {
  return (
    <Card title={<Trans>Teile der Anlage</Trans>}>
      <ul className="fa-parts">
        {byUrgency(parts).map((part) => (
          <PartLine key={part.part} part={part} />
        ))}
      </ul>
    </Card>
  );
}

function PartLine({ part }: { part: Schema<'Part'> }) {
  const { name, what, next, to } = partWords(part);
  const { tone, icon, label } = partTone(part.state);
  const attention = part.state === 'failed' || part.state === 'warning';
  return (
    <li className={`fa-tone--${tone}`}>
      <Icon of={icon} label={label} />
      <div>
        <span className="fa-parts__title">{name}</span> <span className="fa-muted">{what}</span>
      </div>
      {attention && <div className="fa-parts__more">{next}</div>}
      {to && part.state !== 'ok' && (
        <ButtonLink to={to} small variant={attention ? 'secondary' : 'tertiary'}>
          <Trans>Öffnen</Trans>
        </ButtonLink>
      )}
    </li>
  );
}

function FirstSteps() {
  const { t } = useLingui();
  const people = useQuery(peopleQuery({ limit: 1 })).data?.total;
  const groups = useQuery(groupsQuery({ limit: 1 })).data?.total;
  const targets = useQuery(targetsQuery({ limit: 1 })).data?.total;
  const rules = useQuery(rulesQuery).data?.length;
  if (
    people === undefined ||
    groups === undefined ||
    targets === undefined ||
    rules === undefined
  ) {
    return null;
  }
  const steps = [
    {
      done: people > 1,
      title: t`Personen anlegen`,
      text: t`Verbinden Sie Ihr Verzeichnis, oder legen Sie Konten hier an.`,
      to: '/verwaltung/verzeichnis',
      action: t`Verzeichnis verbinden`,
    },
    {
      done: groups > 0,
      title: t`Gruppen bilden`,
      text: t`Regeln gelten am besten für Gruppen, etwa „Bauamt“.`,
      to: '/verwaltung/gruppen',
      action: t`Gruppe anlegen`,
    },
    {
      done: targets > 0,
      title: t`Ziele eintragen`,
      text: t`Arbeitsplätze und Anwendungen im Haus, einzeln oder als Tabelle.`,
      to: '/verwaltung/ziele/neu',
      action: t`Ziel eintragen`,
    },
    {
      done: rules > 0,
      title: t`Eine Regel schreiben`,
      text: t`Ohne Regel ist nichts erreichbar. Die erste sagt, wer was nutzen darf.`,
      to: '/verwaltung/regeln/neu',
      action: t`Regel schreiben`,
    },
  ] as const;
  const open = steps.filter((step) => !step.done).length;
  if (open === 0) return null;
  const next = steps.find((step) => !step.done);
  return (
    <Card
      title={<Trans>Erste Schritte</Trans>}
      lead={
        <Plural
          value={open}
          one="Noch ein Schritt, dann können andere hier arbeiten."
          other="Noch # Schritte, dann können andere hier arbeiten."
        />
      }
    >
      <ol className="fa-checklist">
        {steps.map((step) => (
          <li key={step.to} data-done={step.done || undefined}>
            <Icon
              of={step.done ? icons.iconCheckCircle : icons.iconChevronRight}
              label={step.done ? t`Erledigt` : t`Offen`}
            />
            <div>
              <strong>{step.title}</strong>
              {!step.done && <p className="fa-muted fa-small">{step.text}</p>}
            </div>
            {!step.done && (
              <ButtonLink to={step.to} small variant={step === next ? 'primary' : 'secondary'}>
                {step.action}
              </ButtonLink>
            )}
          </li>
        ))}
      </ol>
    </Card>
  );
}
