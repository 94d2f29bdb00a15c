import { Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, must } from '../../api/client.ts';
import { ProblemAlert } from '../../app/problem-alert.tsx';
import { CopyField } from '../../ui/copy-field.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Loading } from '../../ui/notice.tsx';
import type { Gateway, Target } from './targets.ts';

type TunnelDialogProps = { target: Target | null; gateway: Gateway | null; onClose: () => void };

/** How to reach a target with an SSH client: the command, then what to start. */
export function TunnelDialog({ target, gateway, onClose }: TunnelDialogProps) {
  return (
    <Dialog title={target?.name ?? ''} isOpen={target !== null} onClose={onClose} wide>
      {target && <Steps target={target} gateway={gateway} />}
    </Dialog>
  );
}

function Steps({ target, gateway }: { target: Target; gateway: Gateway | null }) {
  const { t } = useLingui();
  const { data, error } = useQuery({
    queryKey: ['me', 'targets', target.id, 'open'],
    queryFn: () =>
      must(api.POST('/api/v1/me/targets/{id}/open', { params: { path: { id: target.id } } })),
    gcTime: 0,
  });
  if (error) return <ProblemAlert problem={error} />;
  if (!data) return <Loading />;
  if (data.kind !== 'tunnel') return null;
  return (
    <>
      <p>
        <Trans>
          Dieses Ziel erreichen Sie durch einen Tunnel: Ein Befehl öffnet ihn, danach ist das Ziel
          auf Ihrem Gerät zu erreichen.
        </Trans>
      </p>
      <ol className="fa-steps">
        <li>
          <p>
            <Trans>
              Öffnen Sie die Eingabeaufforderung (Windows: PowerShell) und geben Sie ein:
            </Trans>
          </p>
          <CopyField label={t`Befehl für den Tunnel`} value={data.command} />
        </li>
        <li>
          <p>
            <Trans>
              Melden Sie sich mit Passwort und Einmalcode an und lassen Sie das Fenster offen.
            </Trans>
          </p>
        </li>
        <li>
          {data.start_command ? (
            <>
              <p>
                <Trans>Starten Sie dann in einem zweiten Fenster:</Trans>
              </p>
              <CopyField
                label={t`Befehl zum Starten`}
                value={filledIn(data.start_command, data.local_port)}
              />
            </>
          ) : (
            <>
              <p>
                <Trans>Verbinden Sie Ihr Programm mit dieser Adresse:</Trans>
              </p>
              <CopyField label={t`Adresse`} value={`localhost:${data.local_port}`} />
            </>
          )}
        </li>
      </ol>
      {gateway && gateway.fingerprints.length > 0 && (
        <div className="fa-stack fa-stack--tight">
          <p>
            <Trans>
              Beim ersten Mal zeigt das Programm einen Fingerabdruck. Er muss einer von diesen sein:
            </Trans>
          </p>
          {gateway.fingerprints.map((fingerprint) => (
            <code className="fa-break" key={fingerprint}>
              {fingerprint}
            </code>
          ))}
        </div>
      )}
      <p>
        <Link to="/hilfe" hash="ssh">
          <Trans>Ausführlich, auch für PuTTY, in der Hilfe</Trans>
        </Link>
      </p>
    </>
  );
}

/** The command with our end of the tunnel in place of its placeholders. */
function filledIn(command: string, port: number): string {
  return command.replaceAll('{host}', 'localhost').replaceAll('{port}', String(port));
}
