import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { api, must, type Schema } from '../../../api/client.ts';
import { useAsk } from '../../../app/ask.tsx';
import { Loaded } from '../../../app/loaded.tsx';
import { Button } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { StateText } from '../../../ui/notice.tsx';
import { Card } from '../../../ui/page.tsx';
import { dateTime, day } from '../format.ts';
import { importsQuery } from '../queries.ts';

type PastImport = Schema<'PastImport'>;

/** Tables that were applied before, while they can still be undone. */
export function PastImports() {
  const imports = useQuery(importsQuery);
  const { undo, dialog } = useUndo();
  if (imports.data?.length === 0) return null;
  return (
    <Card
      title={<Trans>Frühere Tabellen</Trans>}
      lead={<Trans>Sie lassen sich zurücknehmen, solange der Stand davor aufbewahrt wird.</Trans>}
    >
      <Loaded query={imports}>
        {(data) => (
          <ul className="fa-list">
            {data.map((past) => (
              <PastImportLine key={past.id} past={past} onUndo={() => undo(past.id)} />
            ))}
          </ul>
        )}
      </Loaded>
      {dialog}
    </Card>
  );
}

function PastImportLine({ past, onUndo }: { past: PastImport; onUndo: () => void }) {
  return (
    <li>
      <Icon of={icons.iconUpload} className="fa-list__icon" />
      <div className="fa-list__text">
        <div className="fa-list__title">{dateTime(past.at)}</div>
        <div className="fa-muted fa-small">
          {past.by?.display_name ?? <Trans>Ein Konto, das es nicht mehr gibt</Trans>}
          {' · '}
          <Plural value={past.created} one="# Ziel angelegt" other="# Ziele angelegt" />
          {', '}
          <Plural value={past.changed} one="# geändert" other="# geändert" />
          {' · '}
          {past.undone_at ? (
            <Trans>zurückgenommen am {dateTime(past.undone_at)}</Trans>
          ) : (
            <Trans>aufbewahrt bis {day(past.kept_until)}</Trans>
          )}
        </div>
      </div>
      {past.undone_at ? (
        <StateText tone="neutral" icon={icons.iconUndo}>
          <Trans>zurückgenommen</Trans>
        </StateText>
      ) : (
        <Button small icon={icons.iconUndo} onPress={onUndo}>
          <Trans>Zurücknehmen</Trans>
        </Button>
      )}
    </li>
  );
}

/** Asks, and takes an import back. */
export function useUndo(onUndone?: (result: Schema<'UndoResult'>) => void) {
  const { t } = useLingui();
  const { ask, dialog } = useAsk(['admin']);
  const undo = (id: string) =>
    ask({
      title: t`Import zurücknehmen?`,
      text: (
        <p>
          <Trans>
            Angelegte Ziele verschwinden, geänderte werden wieder, wie sie waren. Was seitdem jemand
            von Hand geändert hat, bleibt. Verbindungen zu den betroffenen Zielen enden.
          </Trans>
        </p>
      ),
      action: t`Import zurücknehmen`,
      danger: true,
      deed: async () => {
        const path = { params: { path: { id } } };
        const result = await must(api.POST('/api/v1/admin/targets/import/{id}/undo', path));
        onUndone?.(result);
      },
      done: t`Der Import ist zurückgenommen.`,
    });
  return { undo, dialog };
}
