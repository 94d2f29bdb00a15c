import { useLingui } from '@lingui/react/macro';
import { IconButton } from '../../../ui/button.tsx';
import { icons } from '../../../ui/icon.tsx';
import { Menu, MenuDivider, MenuItem } from '../../../ui/menu.tsx';
import type { MeetingView } from './controller.ts';
import { isLecture } from './model.ts';
import type { Act, Role, Seat } from './wire.ts';

type SeatMenuProps = {
  seat: Seat;
  view: MeetingView;
  /** The tile that the entry for pinning is about; none where nothing can be pinned. */
  tile?: string;
  pinned: string | null;
  onPin: (tile: string | null) => void;
  onAct: (act: Act) => Promise<boolean>;
  onRemove: (seat: Seat) => void;
};

/** What can be done with somebody: for everybody to look closer, for hosts to lead. */
export function SeatMenu(props: SeatMenuProps) {
  const { seat, view, tile, pinned, onPin, onAct, onRemove } = props;
  const { t } = useLingui();
  const { own, may, media } = view;
  const sent = media.seats.get(seat.id);
  const leads = may.moderate && seat.id !== own?.id;
  // Only who holds the meeting changes those who run it beside them.
  const rules = leads && (own?.role === 'host' || !['host', 'cohost'].includes(seat.role));
  if (!tile && !leads) return null;
  const setRole = (role: Role) => void onAct({ act: 'set_role', seat: seat.id, role });
  return (
    <Menu
      label={t`Zu ${seat.name}`}
      trigger={<IconButton label={t`Zu ${seat.name}: mehr`} icon={icons.iconMoreVert} />}
    >
      {tile && (
        <MenuItem icon={icons.iconKeep} onAction={() => onPin(pinned === tile ? null : tile)}>
          {pinned === tile ? t`Nicht mehr groß zeigen` : t`Immer groß zeigen`}
        </MenuItem>
      )}
      {tile && leads && <MenuDivider />}
      {leads && (
        <>
          <MenuItem
            icon={icons.iconMicOff}
            isDisabled={sent?.microphone !== 'on'}
            onAction={() => void onAct({ act: 'mute', seat: seat.id })}
          >{t`Stummschalten`}</MenuItem>
          <MenuItem
            icon={icons.iconVideocamOff}
            isDisabled={!sent?.camera}
            onAction={() => void onAct({ act: 'stop_video', seat: seat.id })}
          >{t`Kamera ausschalten`}</MenuItem>
          {sent?.screen && (
            <MenuItem
              icon={icons.iconStopScreenShare}
              onAction={() => void onAct({ act: 'stop_share', seat: seat.id })}
            >{t`Bildschirm beenden`}</MenuItem>
          )}
        </>
      )}
      {leads && isLecture(view) && (seat.role === 'listener' || seat.on_stage) && (
        <MenuItem
          icon={icons.iconCampaign}
          onAction={() => void onAct({ act: 'stage', seat: seat.id, on: !seat.on_stage })}
        >
          {seat.on_stage ? t`Zurück zum Zuhören` : t`Auf die Bühne holen`}
        </MenuItem>
      )}
      {rules && seat.role !== 'host' && seat.role !== 'listener' && (
        <MenuItem
          icon={icons.iconShieldPerson}
          onAction={() =>
            setRole(seat.role === 'cohost' ? (seat.guest ? 'guest' : 'participant') : 'cohost')
          }
        >
          {seat.role === 'cohost' ? t`Moderation entziehen` : t`Zur Moderation machen`}
        </MenuItem>
      )}
      {rules && (
        <>
          <MenuDivider />
          <MenuItem icon={icons.iconPersonRemove} danger onAction={() => onRemove(seat)}>
            {t`Entfernen`}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
