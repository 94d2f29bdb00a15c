import { useLingui } from '@lingui/react/macro';
import { type Ref, useEffect, useState } from 'react';
import { Button, IconButton } from '../../../ui/button.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { Menu, MenuDivider, MenuItem } from '../../../ui/menu.tsx';
import { StateText } from '../../../ui/notice.tsx';
import type { LayoutName } from './keyboard-layout.ts';
import type { DesktopState } from './use-desktop.ts';

type ToolbarProps = {
  name: string;
  state: DesktopState;
  layout: LayoutName;
  firstButton: Ref<HTMLButtonElement>;
  onFullScreen: () => void;
  onKeys: (codes: string[]) => void;
  onPaste: () => void;
  onKeyboard: () => void;
  onLayout: (layout: LayoutName) => void;
  onReconnect: () => void;
  onEnd: () => void;
};

/** What can be done with the desktop beside working on it. */
export function Toolbar(props: ToolbarProps) {
  const { name, state, layout, onKeys, onLayout } = props;
  const { t } = useLingui();
  const full = useFullScreen();
  const running = state.at === 'running';
  const layoutNames: Record<LayoutName, string> = {
    de: t`Deutsch`,
    'de-CH': t`Deutsch (Schweiz)`,
    'en-GB': t`Englisch (Großbritannien)`,
    'en-US': t`Englisch (USA)`,
  };
  return (
    <header className={`fa-desktop__bar ${full ? 'fa-desktop__bar--full' : ''}`}>
      <span className="fa-desktop__name">
        <Icon of={icons.iconDesktopWindows} size="small" />
        <span className="fa-desktop__title">{name}</span>
      </span>
      <span className="fa-desktop__state" role="status">
        <LineState state={state} />
      </span>
      <section className="fa-desktop__tools" aria-label={t`Leiste des Arbeitsplatzes`}>
        <IconButton
          ref={props.firstButton}
          label={full ? t`Vollbild beenden` : t`Vollbild`}
          icon={full ? icons.iconFullscreenExit : icons.iconFullscreen}
          onPress={props.onFullScreen}
        />
        <span className="fa-desktop__wide">
          <Button
            small
            variant="tertiary"
            isDisabled={!running}
            onPress={() => onKeys(['ControlLeft', 'AltLeft', 'Delete'])}
          >
            {t`Strg+Alt+Entf`}
          </Button>
        </span>
        <span className="fa-desktop__narrow">
          <IconButton
            label={t`Bildschirmtastatur`}
            icon={icons.iconKeyboard}
            isDisabled={!running}
            onPress={props.onKeyboard}
          />
        </span>
        <Menu
          label={t`Mehr`}
          trigger={<IconButton label={t`Mehr`} icon={icons.iconMoreVert} />}
          header={
            <span className="fa-small">
              {running && <ClipboardState allowed={state.opened.clipboard} />}
            </span>
          }
        >
          <MenuItem
            icon={icons.iconContentPaste}
            isDisabled={!running || !state.opened.clipboard}
            onAction={props.onPaste}
          >{t`Text aus der Zwischenablage einfügen`}</MenuItem>
          <MenuItem
            icon={icons.iconKeyboard}
            isDisabled={!running}
            onAction={() => onKeys(['ControlLeft', 'AltLeft', 'Delete'])}
          >{t`Strg+Alt+Entf senden`}</MenuItem>
          <MenuItem
            icon={icons.iconApps}
            isDisabled={!running}
            onAction={() => onKeys(['MetaLeft'])}
          >{t`Windows-Taste senden`}</MenuItem>
          <MenuDivider />
          {Object.entries(layoutNames).map(([value, label]) => (
            <MenuItem
              key={value}
              icon={layout === value ? icons.iconCheck : icons.iconLanguage}
              onAction={() => onLayout(value as LayoutName)}
            >
              {layout === value ? t`Tastatur: ${label} (gewählt)` : t`Tastatur: ${label}`}
            </MenuItem>
          ))}
          <MenuDivider />
          <MenuItem
            icon={icons.iconRefresh}
            onAction={props.onReconnect}
          >{t`Neu verbinden`}</MenuItem>
        </Menu>
        <span className="fa-desktop__wide">
          <Button
            small
            icon={icons.iconClose}
            isDisabled={state.at === 'ended'}
            onPress={props.onEnd}
          >
            {t`Beenden`}
          </Button>
        </span>
        <span className="fa-desktop__narrow">
          <IconButton
            label={t`Beenden`}
            icon={icons.iconClose}
            isDisabled={state.at === 'ended'}
            onPress={props.onEnd}
          />
        </span>
      </section>
    </header>
  );
}

function LineState({ state }: { state: DesktopState }) {
  const { t } = useLingui();
  switch (state.at) {
    case 'running':
      return (
        <>
          <StateText tone="success">{t`Verbunden`}</StateText>
          <span className="fa-desktop__wide">
            <ClipboardState allowed={state.opened.clipboard} />
          </span>
        </>
      );
    case 'interrupted':
      return <StateText tone="warning" icon={icons.iconWifiOff}>{t`Unterbrochen`}</StateText>;
    case 'opening':
    case 'connecting':
      return <StateText tone="neutral" icon={icons.iconSync}>{t`Verbindet …`}</StateText>;
    default:
      return <StateText tone="neutral" icon={icons.iconLinkOff}>{t`Nicht verbunden`}</StateText>;
  }
}

function ClipboardState({ allowed }: { allowed: boolean }) {
  const { t } = useLingui();
  return allowed ? (
    <StateText
      tone="neutral"
      icon={icons.iconContentPaste}
    >{t`Zwischenablage: nur Text`}</StateText>
  ) : (
    <StateText tone="neutral" icon={icons.iconBlock}>{t`Zwischenablage: nicht erlaubt`}</StateText>
  );
}

function useFullScreen(): boolean {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const change = () => setFull(document.fullscreenElement !== null);
    document.addEventListener('fullscreenchange', change);
    return () => document.removeEventListener('fullscreenchange', change);
  }, []);
  return full;
}
