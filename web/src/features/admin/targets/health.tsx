import { Trans, useLingui } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { ProblemAlert } from '../../../app/problem-alert.tsx';
import { WordText } from '../../../app/word.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Alert } from '../../../ui/notice.tsx';
import { Card, Facts } from '../../../ui/page.tsx';
import { dateTime, fingerprint } from '../format.ts';
import { targetQuery, useDeed } from '../queries.ts';
import { healthDetail, healthState } from '../words.ts';

type Target = Schema<'Target'>;

/** Whether a target answers, and which certificate is held on to. */
export function TargetHealth({ target }: { target: Target }) {
  const { t } = useLingui();
  const client = useQueryClient();
  const path = { params: { path: { id: target.id } } };
  const keep = (next: Target) => client.setQueryData(targetQuery(target.id).queryKey, next);
  const check = useDeed(() => must(api.POST('/api/v1/admin/targets/{id}/check', path)), {
    onDone: keep,
    done: (next) => t`Geprüft: ${healthState(next.health).label}.`,
  });
  const look = useDeed(() => must(api.POST('/api/v1/admin/targets/{id}/certificate', path)));
  const [comparing, setComparing] = useState(false);
  const { ask, dialog } = useAsk(['admin']);
  const encrypted =
    target.settings.kind === 'rdp' ||
    (target.settings.kind === 'web' && target.settings.tls === true);

  const unpin = () =>
    ask({
      title: t`Zertifikat nicht mehr festhalten?`,
      text: (
        <p>
          <Trans>
            Fernamt merkt dann nicht mehr, wenn sich ein anderer Rechner für dieses Ziel ausgibt,
            bis ein neues Zertifikat festgehalten ist.
          </Trans>
        </p>
      ),
      action: t`Nicht mehr festhalten`,
      danger: true,
      deed: async () =>
        keep(
          await must(
            api.PUT('/api/v1/admin/targets/{id}/certificate', { ...path, body: { sha256: null } }),
          ),
        ),
      done: t`Das Zertifikat wird nicht mehr festgehalten.`,
    });

  return (
    <Card title={<Trans>Zustand</Trans>}>
      <Facts
        items={[
          [t`Antwortet`, <WordText key="health" word={healthState(target.health)} />],
          [t`Zuletzt geprüft`, target.checked_at ? dateTime(target.checked_at) : t`noch nie`],
          ...(target.health_detail && target.health !== 'ok'
            ? ([[t`Was los ist`, healthDetail(target.health_detail)]] as const)
            : []),
        ]}
      />
      {target.health === 'certificate_changed' && (
        <Alert
          tone="danger"
          title={<Trans>Das Ziel zeigt ein anderes Zertifikat als bisher</Trans>}
        >
          <p>
            <Trans>
              Solange das so ist, öffnet Fernamt es niemandem. Wurde es erneuert, vergleichen Sie
              den Fingerabdruck am Ziel selbst und halten Sie ihn neu fest. Wurde es nicht erneuert,
              kann ein Angreifer dazwischenstehen.
            </Trans>
          </p>
        </Alert>
      )}
      <div className="fa-actions">
        <Button icon={icons.iconRefresh} pending={check.isPending} onPress={() => check.mutate()}>
          <Trans>Jetzt prüfen</Trans>
        </Button>
      </div>
      {check.error && <ProblemAlert problem={check.error} />}
      {encrypted && (
        <>
          <h3>
            <Trans>Festgehaltenes Zertifikat</Trans>
          </h3>
          {target.pinned_certificate ? (
            <p className="fa-mono fa-break fa-small">{fingerprint(target.pinned_certificate)}</p>
          ) : (
            <p className="fa-muted">
              <Trans>Noch keines. Bis dahin ist das Ziel nicht sicher zu erkennen.</Trans>
            </p>
          )}
          <div className="fa-actions">
            <Button
              icon={icons.iconVerifiedUser}
              pending={look.isPending}
              onPress={() => look.mutate(undefined, { onSuccess: () => setComparing(true) })}
            >
              <Trans>Zertifikat ansehen und vergleichen</Trans>
            </Button>
            {target.pinned_certificate && (
              <Button icon={icons.iconLinkOff} danger onPress={unpin}>
                <Trans>Nicht mehr festhalten</Trans>
              </Button>
            )}
          </div>
          {look.error && <ProblemAlert problem={look.error} />}
        </>
      )}
      {dialog}
      {look.data && (
        <Compare
          target={target}
          shown={look.data}
          isOpen={comparing}
          onClose={() => setComparing(false)}
          onPinned={keep}
        />
      )}
    </Card>
  );
}

type CompareProps = {
  target: Target;
  shown: Schema<'LearntCertificate'>;
  isOpen: boolean;
  onClose: () => void;
  onPinned: (target: Target) => void;
};

function Compare({ target, shown, isOpen, onClose, onPinned }: CompareProps) {
  const { t } = useLingui();
  const same = target.pinned_certificate === shown.sha256;
  const pin = useDeed(
    () =>
      must(
        api.PUT('/api/v1/admin/targets/{id}/certificate', {
          params: { path: { id: target.id } },
          body: { sha256: shown.sha256 },
        }),
      ),
    {
      done: t`Das Zertifikat ist festgehalten.`,
      onDone: (next) => {
        onPinned(next);
        onClose();
      },
    },
  );
  return (
    <Dialog
      title={<Trans>Zertifikat von „{target.name}“</Trans>}
      isOpen={isOpen}
      onClose={onClose}
      wide
      footer={
        same ? (
          <Button variant="primary" onPress={onClose}>
            <Trans>Schließen</Trans>
          </Button>
        ) : (
          <>
            <Button onPress={onClose}>
              <Trans>Nichts festhalten</Trans>
            </Button>
            <Button variant="primary" pending={pin.isPending} onPress={() => pin.mutate()}>
              <Trans>Fingerabdruck stimmt, festhalten</Trans>
            </Button>
          </>
        )
      }
    >
      {same ? (
        <Alert tone="success" title={<Trans>Es ist das festgehaltene Zertifikat</Trans>} />
      ) : (
        <Alert
          tone="warning"
          title={
            target.pinned_certificate ? (
              <Trans>Es ist ein anderes als das festgehaltene</Trans>
            ) : (
              <Trans>Vergleichen Sie, bevor Sie es festhalten</Trans>
            )
          }
        >
          <p>
            <Trans>
              Lesen Sie den Fingerabdruck (SHA-256) am Ziel selbst ab, nicht über das Netz, und
              vergleichen Sie ihn Zeichen für Zeichen.
            </Trans>
          </p>
        </Alert>
      )}
      <Facts
        items={[
          [
            t`Gezeigt wird`,
            <span key="shown" className="fa-mono">
              {fingerprint(shown.sha256)}
            </span>,
          ],
          ...(target.pinned_certificate && !same
            ? ([
                [
                  t`Festgehalten ist`,
                  <span key="pinned" className="fa-mono">
                    {fingerprint(target.pinned_certificate)}
                  </span>,
                ],
              ] as const)
            : []),
          [t`Ausgestellt für`, shown.subject],
          [t`Ausgestellt von`, shown.issuer],
          [t`Gültig bis`, dateTime(shown.not_after)],
        ]}
      />
      {pin.error && <ProblemAlert problem={pin.error} />}
    </Dialog>
  );
}
