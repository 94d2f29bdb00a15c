import { Trans } from '@lingui/react/macro';
import { StateText } from '../../ui/notice.tsx';
import { targetIcon } from '../../ui/target-icons.ts';
import { Tile } from '../../ui/tile.tsx';
import type { Target } from './targets.ts';

/**
 * One thing that the person may use. A web application opens in a new tab, cut off from this one. A
 * desktop has one tab: pressed again, its tile leads back to it.
 */
export function TargetTile({ target, onTunnel }: { target: Target; onTunnel: () => void }) {
  const where =
    target.kind === 'rdp'
      ? { href: `/arbeitsplatz/${target.id}`, windowName: `arbeitsplatz-${target.id}` }
      : target.kind === 'web'
        ? { href: `/anwendung/${target.id}`, newTab: true }
        : { onPress: onTunnel };
  return (
    <Tile
      icon={targetIcon(target.icon, target.kind)}
      title={target.name}
      text={target.description}
      status={<Health target={target} />}
      {...where}
    />
  );
}

function Health({ target }: { target: Target }) {
  switch (target.health) {
    case 'unreachable':
      return (
        <StateText tone="warning">
          <Trans>Antwortet gerade nicht</Trans>
        </StateText>
      );
    case 'certificate_changed':
      return (
        <StateText tone="danger">
          <Trans>Zertifikat geändert, wird geprüft</Trans>
        </StateText>
      );
    default:
      return null;
  }
}
