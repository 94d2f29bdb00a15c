import { useLingui } from '@lingui/react/macro';
import {
  Button as AriaButton,
  type ButtonProps,
  Tooltip,
  TooltipTrigger,
} from 'react-aria-components';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Menu, MenuDivider, MenuItem } from '../../../ui/menu.tsx';
import type { MeetingView } from './controller.ts';
import { isLecture, listens } from './model.ts';
import type { Layout } from './stage/arrange.ts';
import { usePhone } from './use-phone.ts';
import type { Reaction } from './wire.ts';
import { reactionName, reactionSigns, reactions } from './words.ts';

export type Panel = 'chat' | 'people' | null;

type ToolbarProps = {
  view: MeetingView;
  panel: Panel;
  unread: number;
  layout: Layout;
  pushToTalk: boolean;
  handUp: boolean;
  full: boolean;
  fullPossible: boolean;
  windowPossible: boolean;
  windowOpen: boolean;
  onMicrophone: () => void;
  onCamera: () => void;
  onScreen: () => void;
  onHand: () => void;
  onReact: (reaction: Reaction) => void;
  onPanel: (panel: Panel) => void;
  onLayout: (layout: Layout) => void;
  onFull: () => void;
  onWindow: () => void;
  onSettings: () => void;
  onRules: () => void;
  onAbout: () => void;
  onKeys: () => void;
  onLeave: () => void;
};

/** What one does in a meeting, within reach of thumb and mouse. */
export function Toolbar(props: ToolbarProps) {
  const { t } = useLingui();
  const { view, panel } = props;
  const { own, may, media } = view;
  const sends = !listens({ own });
  const waiting = view.lobby.length;
  return (
    <section
      className="fa-tools"
      aria-label={isLecture(view) ? t`Vortrag steuern` : t`Besprechung steuern`}
    >
      <div className="fa-tools__group">
        {sends && (
          <>
            <MicrophoneTool {...props} />
            <Tool
              name={t`Kamera`}
              label={media.own.camera ? t`Kamera ausschalten` : t`Kamera einschalten`}
              icon={media.own.camera ? icons.iconVideocam : icons.iconVideocamOff}
              state={media.own.camera ? 'on' : 'off'}
              isDisabled={!media.own.camera && !may.show}
              onPress={props.onCamera}
            />
            <Tool
              name={t`Bildschirm`}
              label={media.own.screen ? t`Bildschirm nicht mehr zeigen` : t`Bildschirm zeigen`}
              icon={media.own.screen ? icons.iconStopScreenShare : icons.iconScreenShare}
              state={media.own.screen ? 'on' : 'plain'}
              isDisabled={!media.own.screen && !may.share}
              wide
              onPress={props.onScreen}
            />
          </>
        )}
      </div>
      <div className="fa-tools__group">
        <Tool
          name={t`Hand`}
          label={props.handUp ? t`Hand senken` : t`Hand heben`}
          icon={icons.iconBackHand}
          state={props.handUp ? 'on' : 'plain'}
          onPress={props.onHand}
        />
        <ReactionMenu {...props} />
      </div>
      <div className="fa-tools__group">
        <Tool
          name={t`Chat`}
          label={
            panel === 'chat'
              ? t`Chat schließen`
              : props.unread > 0
                ? t`Chat öffnen, ${props.unread} neue Nachrichten`
                : t`Chat öffnen`
          }
          icon={icons.iconForum}
          state={panel === 'chat' ? 'on' : 'plain'}
          badge={panel === 'chat' ? 0 : props.unread}
          onPress={() => props.onPanel(panel === 'chat' ? null : 'chat')}
        />
        <Tool
          name={t`Personen`}
          label={
            panel === 'people'
              ? t`Personen schließen`
              : may.moderate && waiting > 0
                ? t`Personen öffnen, im Warteraum: ${waiting}`
                : t`Personen öffnen`
          }
          icon={icons.iconGroup}
          state={panel === 'people' ? 'on' : 'plain'}
          badge={may.moderate ? waiting : 0}
          wide
          onPress={() => props.onPanel(panel === 'people' ? null : 'people')}
        />
        <MoreMenu {...props} />
      </div>
      <div className="fa-tools__group fa-tools__group--end">
        <Tool
          name={t`Verlassen`}
          label={isLecture(view) ? t`Vortrag verlassen` : t`Besprechung verlassen`}
          icon={icons.iconCallEnd}
          state="leave"
          onPress={props.onLeave}
        />
      </div>
    </section>
  );
}

function MicrophoneTool({ view, pushToTalk, onMicrophone }: ToolbarProps) {
  const { t } = useLingui();
  const { media, may } = view;
  const on = media.own.microphone;
  const barred = !on && !may.speak;
  const label = barred
    ? t`Mikrofon: von der Moderation ausgeschaltet`
    : on
      ? t`Mikrofon ausschalten`
      : pushToTalk
        ? t`Mikrofon einschalten; zum Sprechen die Leertaste halten`
        : t`Mikrofon einschalten`;
  return (
    <Tool
      name={t`Mikrofon`}
      label={label}
      icon={on ? icons.iconMic : icons.iconMicOff}
      state={on ? 'on' : 'off'}
      isDisabled={barred}
      onPress={onMicrophone}
    />
  );
}

function ReactionMenu({ view, onReact }: ToolbarProps) {
  const { t } = useLingui();
  return (
    <Menu
      label={t`Reaktion zeigen`}
      trigger={
        <ToolButton
          name={t`Reaktion`}
          label={t`Reaktion zeigen`}
          icon={icons.iconMood}
          wide
          isDisabled={!view.may.react}
        />
      }
    >
      {reactions.map((reaction) => (
        <MenuItem key={reaction} onAction={() => onReact(reaction)}>
          {`${reactionSigns[reaction]}  ${reactionName(reaction)}`}
        </MenuItem>
      ))}
    </Menu>
  );
}

function MoreMenu(props: ToolbarProps) {
  const { t } = useLingui();
  const { view, layout, full } = props;
  const { may, media } = view;
  const phone = usePhone();
  const layouts: [Layout, string, string][] = [
    ['gallery', t`Galerie`, icons.iconGridView],
    ['speaker', t`Wer spricht, groß`, icons.iconCoPresent],
    ['presentation', t`Präsentation groß`, icons.iconScreenShare],
  ];
  return (
    <Menu
      label={t`Mehr`}
      trigger={<ToolButton name={t`Mehr`} label={t`Mehr`} icon={icons.iconMoreHoriz} />}
    >
      {phone && (
        <>
          <MenuItem
            icon={icons.iconGroup}
            onAction={() => props.onPanel('people')}
          >{t`Personen`}</MenuItem>
          {!listens(view) && (
            <MenuItem
              icon={icons.iconScreenShare}
              isDisabled={!may.share && !media.own.screen}
              onAction={props.onScreen}
            >
              {media.own.screen ? t`Bildschirm nicht mehr zeigen` : t`Bildschirm zeigen`}
            </MenuItem>
          )}
          <MenuItem
            icon={icons.iconThumbUp}
            isDisabled={!may.react}
            onAction={() => props.onReact('thumbs_up')}
          >{t`Daumen hoch`}</MenuItem>
          <MenuItem
            icon={icons.iconCelebration}
            isDisabled={!may.react}
            onAction={() => props.onReact('clap')}
          >{t`Applaus`}</MenuItem>
          <MenuDivider />
        </>
      )}
      {layouts.map(([value, label, icon]) => (
        <MenuItem
          key={value}
          icon={value === layout ? icons.iconCheck : icon}
          onAction={() => props.onLayout(value)}
        >
          {value === layout ? t`Ansicht: ${label} (gewählt)` : t`Ansicht: ${label}`}
        </MenuItem>
      ))}
      <MenuDivider />
      <MenuItem
        icon={full ? icons.iconFullscreenExit : icons.iconFullscreen}
        isDisabled={!props.fullPossible}
        onAction={props.onFull}
      >
        {full ? t`Vollbild beenden` : t`Vollbild`}
      </MenuItem>
      {props.windowPossible && (
        <MenuItem icon={icons.iconPictureInPictureAlt} onAction={props.onWindow}>
          {props.windowOpen ? t`Kleines Fenster schließen` : t`Kleines Fenster`}
        </MenuItem>
      )}
      <MenuDivider />
      {may.moderate && (
        <MenuItem icon={icons.iconTune} onAction={props.onRules}>
          {isLecture(view) ? t`Vortrag leiten` : t`Besprechung leiten`}
        </MenuItem>
      )}
      <MenuItem icon={icons.iconSettings} onAction={props.onSettings}>{t`Geräte`}</MenuItem>
      <MenuItem icon={icons.iconKeyboard} onAction={props.onKeys}>{t`Tastatur`}</MenuItem>
      <MenuItem icon={icons.iconInfo} onAction={props.onAbout}>{t`Was gespeichert wird`}</MenuItem>
    </Menu>
  );
}

type ToolProps = Omit<ButtonProps, 'className' | 'children'> & {
  /** Stands below the icon; readers hear `label`, which begins with it or holds it. */
  name: string;
  label: string;
  icon: string;
  state?: 'on' | 'off' | 'plain' | 'leave';
  badge?: number;
  /** Only where there is room. */
  wide?: boolean;
};

function Tool(props: ToolProps) {
  return (
    <TooltipTrigger delay={600}>
      <ToolButton {...props} />
      <Tooltip className="fa-tooltip" offset={6}>
        {props.label}
      </Tooltip>
    </TooltipTrigger>
  );
}

const MOST_SHOWN = 99;

function ToolButton({ name, label, icon, state = 'plain', badge = 0, wide, ...rest }: ToolProps) {
  return (
    <AriaButton
      {...rest}
      aria-label={label}
      className={`fa-tool fa-tool--${state} ${wide ? 'fa-tool--wide' : ''}`}
    >
      <span
        className="fa-tool__icon"
        {...(badge > 0 && { 'data-badge': Math.min(badge, MOST_SHOWN) })}
      >
        <Icon of={icon} />
      </span>
      <span className="fa-tool__name" aria-hidden="true">
        {name}
      </span>
    </AriaButton>
  );
}
