import './meeting.css';
import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { Button } from '../../../ui/button.tsx';
import { ConfirmDialog } from '../../../ui/dialog.tsx';
import { Icon, icons } from '../../../ui/icon.tsx';
import { announce } from '../../../ui/status.tsx';
import { BlurSlow, useBlur } from '../join/blur-choice.tsx';
import { AdmitButton } from './admit-button.tsx';
import { ChatPanel } from './chat-panel.tsx';
import type { Meeting, MeetingView } from './controller.ts';
import { useDark } from './dark.ts';
import {
  AboutDialog,
  DevicesDialog,
  EndDialog,
  GuessedAlert,
  KeysDialog,
  LeaveDialog,
  QuestionDialog,
  RulesDialog,
} from './dialogs.tsx';
import { type DeviceChoice, storeChoice, storedChoice } from './media/devices.ts';
import { isLecture } from './model.ts';
import { moderationText, newsOf } from './news.ts';
import { PeoplePanel } from './people-panel.tsx';
import { SealDialog, SealNotice } from './seal-notice.tsx';
import { SeatMenu } from './seat-menu.tsx';
import { SidePanel } from './side-panel.tsx';
import { SmallWindow, smallWindowPossible, useSmallWindow } from './small-window.tsx';
import type { Layout } from './stage/arrange.ts';
import { Stage } from './stage/stage.tsx';
import { tilesOf } from './tiles.ts';
import { type Panel, Toolbar } from './toolbar.tsx';
import { useAct } from './use-act.ts';
import { useFullScreen } from './use-full-screen.ts';
import { type KeyName, useKeys } from './use-keys.ts';
import type { Act, Seat } from './wire.ts';
import { reactionName, reactionSigns, shownName } from './words.ts';

type Opened = 'devices' | 'about' | 'keys' | 'rules' | 'question' | 'leave' | 'end' | 'seal' | null;

const KEYS_STORED = 'fernamt-meeting-keys';
const LAYOUTS: readonly Layout[] = ['gallery', 'speaker', 'presentation'];

/** The meeting itself: the stage, what is said beside it, and what one can do. */
export function MeetingScreen({ meeting }: { meeting: Meeting }) {
  const { t } = useLingui();
  const view = useSyncExternalStore(meeting.subscribe, meeting.get);
  const act = useAct(meeting);
  const [panel, setPanel] = useState<Panel>(null);
  const [opened, setOpened] = useState<Opened>(null);
  const [chosenLayout, setLayout] = useState<Layout | null>(null);
  const [pinned, setPinned] = useState<string | null>(null);
  const [removing, setRemoving] = useState<Seat | null>(null);
  const [choice, setChoice] = useState<DeviceChoice>(storedChoice);
  const [singleKeys, setSingleKeys] = useState(() => localStorage.getItem(KEYS_STORED) !== 'off');
  const screen = useFullScreen();
  const small = useSmallWindow(() =>
    announce('info', t`Es ist gerade kein Bild da, das in ein kleines Fenster passt.`),
  );
  const heading = useRef<HTMLHeadingElement>(null);
  // A reader who waited in the lobby hears that the meeting has begun for them.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useDark();
  const unread = useUnread(view, panel === 'chat');

  const tiles = useMemo(() => tilesOf(view), [view]);
  const lecture = isLecture(view);
  const shown = tiles.some(({ kind }) => kind === 'screen');
  const layout = chosenLayout ?? (shown ? 'presentation' : lecture ? 'speaker' : 'gallery');
  const handUp = view.hands.some(({ seat }) => seat === view.own?.id);
  const { may, media } = view;

  // Without the key nothing leaves the device: whoever wants to speak is asked for it.
  const withKey = (deed: () => Promise<void>) => () =>
    view.seal === 'missing' ? setOpened('seal') : void deed();
  const microphone = withKey(() => meeting.setMicrophone(!media.own.microphone));
  const camera = withKey(() => meeting.setCamera(!media.own.camera));
  const share = withKey(() => meeting.setScreen(!media.own.screen));
  const hand = () => {
    if (handUp) void act({ act: 'hand_lower' });
    else if (lecture && !may.moderate) setOpened('question');
    else void act({ act: 'hand_raise' });
  };
  const nextLayout = () => {
    const next = LAYOUTS[(LAYOUTS.indexOf(layout) + 1) % LAYOUTS.length] ?? 'gallery';
    setLayout(next);
    setPinned(null);
  };
  const toggle = (wanted: Panel) => setPanel(panel === wanted ? null : wanted);
  useKeys({
    enabled: singleKeys && opened === null,
    talk: choice.pushToTalk && may.speak,
    onTalk: (talking) => void meeting.setMicrophone(talking),
    onKey: (key) => {
      const deeds: Record<KeyName, () => void> = {
        m: () => (media.own.microphone || may.speak) && microphone(),
        k: () => (media.own.camera || may.show) && camera(),
        b: () => (media.own.screen || may.share) && share(),
        h: hand,
        c: () => toggle('chat'),
        p: () => toggle('people'),
        a: nextLayout,
        f: screen.toggle,
        '?': () => setOpened('keys'),
      };
      deeds[key]();
    },
  });
  const choose = (next: DeviceChoice) => {
    storeChoice(next);
    setChoice(next);
    void meeting.choose(next);
  };
  const endForAll = () => setOpened('end');
  const close = () => setOpened(null);
  const menuOf = (seat: Seat, tile?: string) => (
    <SeatMenu
      seat={seat}
      view={view}
      pinned={pinned}
      {...(tile && { tile })}
      onPin={setPinned}
      onAct={act}
      onRemove={setRemoving}
    />
  );

  return (
    <div className={`fa-meeting ${panel ? 'fa-meeting--panel' : ''}`}>
      <title>
        {lecture
          ? t`${view.facts?.title ?? ''} – Vortrag – Fernamt`
          : t`${view.facts?.title ?? ''} – Besprechung – Fernamt`}
      </title>
      <Head view={view} onAbout={() => setOpened('about')} />
      <main id="inhalt" className="fa-meeting__main" tabIndex={-1}>
        <h1 className="kern-sr-only" tabIndex={-1} ref={heading}>
          {view.facts?.title}
        </h1>
        <Notices
          view={view}
          meeting={meeting}
          onSeal={() => setOpened('seal')}
          onPeople={() => setPanel('people')}
          onAct={act}
          onSharp={() => choose({ ...choice, blur: false })}
          onRenew={() => {
            void act({ act: 'renew_pin' });
            setOpened('rules');
          }}
        />
        <Stage
          tiles={tiles}
          layout={layout}
          pinned={pinned}
          heard={view.spoke}
          menuOf={({ identity, id }) => {
            const seat = view.roster.get(identity);
            return seat && menuOf(seat, id);
          }}
        >
          <Reactions view={view} />
        </Stage>
      </main>
      {panel && (
        <SidePanel title={panel === 'chat' ? t`Chat` : t`Personen`} onClose={() => setPanel(null)}>
          {panel === 'chat' ? (
            <ChatPanel view={view} onAct={act} />
          ) : (
            <PeoplePanel view={view} onAct={act} menuOf={(seat) => menuOf(seat)} />
          )}
        </SidePanel>
      )}
      <Toolbar
        view={view}
        panel={panel}
        unread={unread}
        layout={layout}
        pushToTalk={choice.pushToTalk}
        handUp={handUp}
        full={screen.full}
        fullPossible={screen.possible}
        windowPossible={smallWindowPossible()}
        windowOpen={small.open}
        onMicrophone={microphone}
        onCamera={camera}
        onScreen={share}
        onHand={hand}
        onReact={(reaction) => void act({ act: 'react', reaction })}
        onPanel={setPanel}
        onLayout={(next) => {
          setLayout(next);
          setPinned(null);
        }}
        onFull={screen.toggle}
        onWindow={() => void small.toggle()}
        onSettings={() => setOpened('devices')}
        onRules={() => setOpened('rules')}
        onAbout={() => setOpened('about')}
        onKeys={() => setOpened('keys')}
        onLeave={() => setOpened('leave')}
      />
      {small.window && <SmallWindow window={small.window} tiles={tiles} heard={view.spoke} />}
      <News meeting={meeting} broken={isBroken(view)} />
      <DevicesDialog
        isOpen={opened === 'devices'}
        onClose={close}
        choice={choice}
        onChoice={choose}
      />
      <AboutDialog isOpen={opened === 'about'} onClose={close} view={view} />
      <KeysDialog
        isOpen={opened === 'keys'}
        onClose={close}
        enabled={singleKeys}
        onEnabled={(on) => {
          localStorage.setItem(KEYS_STORED, on ? 'on' : 'off');
          setSingleKeys(on);
        }}
      />
      <RulesDialog
        isOpen={opened === 'rules' && may.moderate}
        onClose={close}
        view={view}
        onAct={act}
        onEndForAll={endForAll}
      />
      <QuestionDialog
        isOpen={opened === 'question'}
        sealed={view.seal !== 'open'}
        onClose={close}
        onRaise={(question) => act({ act: 'hand_raise', ...(question && { question }) })}
      />
      <SealDialog
        isOpen={opened === 'seal'}
        onClose={close}
        view={view}
        onKey={(key) => void meeting.setKey(key)}
      />
      <LeaveDialog
        isOpen={opened === 'leave'}
        onClose={close}
        view={view}
        onLeave={() => meeting.leave()}
        onEndForAll={endForAll}
      />
      <EndDialog
        isOpen={opened === 'end'}
        onClose={close}
        view={view}
        onEnd={() => act({ act: 'end_for_all' })}
      />
      <ConfirmDialog
        title={t`${removing ? shownName(removing) : ''} entfernen?`}
        action={t`Entfernen`}
        danger
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        onConfirm={() => removing && act({ act: 'remove', seat: removing.id })}
      >
        <p>
          {lecture ? (
            <Trans>Die Person verlässt den Vortrag sofort und kommt nicht von selbst wieder.</Trans>
          ) : (
            <Trans>
              Die Person verlässt die Besprechung sofort und kommt nicht von selbst wieder.
            </Trans>
          )}
        </p>
      </ConfirmDialog>
    </div>
  );
}

function Head({ view, onAbout }: { view: MeetingView; onAbout: () => void }) {
  const { t } = useLingui();
  const { facts, counts, rules } = view;
  const sealed = view.seal === 'held';
  return (
    <header className="fa-meeting__head">
      <p className="fa-meeting__title">{facts?.title}</p>
      <button type="button" className="fa-meeting__safe" onClick={onAbout}>
        <Icon
          of={rules.locked ? icons.iconLock : sealed ? icons.iconEncrypted : icons.iconSecurity}
          size="small"
        />
        <span>
          {rules.locked
            ? t`Geschlossen`
            : sealed
              ? t`Von Gerät zu Gerät verschlüsselt`
              : t`Was gespeichert wird`}
        </span>
      </button>
      <p className="fa-meeting__count">
        <Icon
          of={icons.iconGroup}
          size="small"
          label={isLecture(view) ? t`Im Vortrag` : t`In der Besprechung`}
        />
        {counts.seated}
      </p>
      <Clock since={view.beganAt} />
    </header>
  );
}

/** Whether the line to the meeting, or that of sound and pictures, is broken. */
const isBroken = ({ lineUp, media }: MeetingView) => !lineUp || media.line === 'interrupted';

const SECOND_MS = 1_000;
const MINUTE_S = 60;

/** How long the meeting has been going on. */
function Clock({ since }: { since: string | null }) {
  const { t } = useLingui();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND_MS);
    return () => clearInterval(timer);
  }, []);
  if (!since) return null;
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / SECOND_MS));
  const minutes = Math.floor(seconds / MINUTE_S);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(minutes / MINUTE_S);
  return (
    <p className="fa-meeting__clock" role="timer" aria-label={t`Dauer`} aria-live="off">
      {hours > 0 && `${hours}:`}
      {two(minutes % MINUTE_S)}:{two(seconds % MINUTE_S)}
    </p>
  );
}

type NoticesProps = {
  view: MeetingView;
  meeting: Meeting;
  onSeal: () => void;
  onPeople: () => void;
  onAct: (act: Act) => Promise<boolean>;
  /** What is behind oneself need not be blurred any more. */
  onSharp: () => void;
  onRenew: () => void;
};

/** What one must know now: the line, the lobby, sound that is held back, a slow upload. */
function Notices(props: NoticesProps) {
  const { t } = useLingui();
  const { view, meeting, onSeal, onPeople, onAct, onRenew } = props;
  const { lineUp, media, lobby, may, guessed } = view;
  const mine = media.seats.get(media.own.identity);
  const slow = mine?.quality === 'weak' && media.own.camera;
  const broken = isBroken(view);
  const first = lobby[0];
  return (
    <div className="fa-notices">
      <div role="status">
        {broken ? (
          <p className="fa-notice fa-notice--warning">
            <Icon of={icons.iconWifiOff} size="small" />
            <span>
              {lineUp ? (
                <Trans>Bild und Ton sind unterbrochen. Es geht gleich von selbst weiter.</Trans>
              ) : (
                <Trans>
                  Die Verbindung ist unterbrochen. Ihr Platz bleibt, und es geht von selbst weiter.
                </Trans>
              )}
            </span>
          </p>
        ) : (
          media.line === 'connecting' && (
            <p className="fa-notice">
              <Icon of={icons.iconProgressActivity} size="small" className="fa-spin" />
              <span>
                <Trans>Bild und Ton werden verbunden …</Trans>
              </span>
            </p>
          )
        )}
      </div>
      <SealNotice view={view} onSeal={onSeal} />
      {media.silenced && !broken && (
        <p className="fa-notice">
          <Icon of={icons.iconVolumeUp} size="small" />
          <span>
            <Trans>Der Browser hält den Ton noch zurück.</Trans>
          </span>
          <Button small onPress={() => void meeting.startSound()}>{t`Ton einschalten`}</Button>
        </p>
      )}
      {!broken && <BlurNotice camera={media.own.camera} onSharp={props.onSharp} />}
      {slow && !broken && (
        <p className="fa-notice fa-notice--warning" role="status">
          <Icon of={icons.iconSignalCellularAlt} size="small" />
          <span>
            <Trans>
              Ihre Leitung oder Ihr Rechner ist zu langsam für Ihr Bild. Ohne Kamera sind Sie besser
              zu verstehen.
            </Trans>
          </span>
          <Button
            small
            onPress={() => void meeting.setCamera(false)}
          >{t`Kamera ausschalten`}</Button>
        </p>
      )}
      {may.moderate && first && (
        <p className="fa-notice">
          <Icon of={icons.iconHourglassTop} size="small" />
          <span>
            {lobby.length === 1 ? (
              <Trans>{shownName(first)} wartet im Warteraum.</Trans>
            ) : (
              <Trans>{lobby.length} Personen warten im Warteraum.</Trans>
            )}
          </span>
          <Button small onPress={onPeople}>{t`Ansehen`}</Button>
          <AdmitButton lobby={lobby} onAct={onAct} />
        </p>
      )}
      {may.moderate && guessed && <GuessedAlert lecture={isLecture(view)} onRenew={onRenew} />}
    </div>
  );
}

/** How the blur of one's background fares, as far as it is in the way. */
function BlurNotice({ camera, onSharp }: { camera: boolean; onSharp: () => void }) {
  const { t } = useLingui();
  const blur = useBlur();
  return (
    <div role="status">
      {blur.at === 'loading' && !camera && (
        <p className="fa-notice">
          <Icon of={icons.iconProgressActivity} size="small" className="fa-spin" />
          <span>
            <Trans>Ihre Kamera geht an, sobald der Hintergrund unscharf ist …</Trans>
          </span>
        </p>
      )}
      {blur.at === 'slow' && camera && (
        <p className="fa-notice fa-notice--warning">
          <Icon of={icons.iconWarning} size="small" />
          <span>
            <BlurSlow pictures={blur.pictures} />
          </span>
          <Button small onPress={onSharp}>{t`Unschärfe ausschalten`}</Button>
        </p>
      )}
    </div>
  );
}

function Reactions({ view }: { view: MeetingView }) {
  return (
    <ul className="fa-reactions" aria-live="polite">
      {view.floating.map(({ id, reaction, count, name }) => (
        <li key={id}>
          <span aria-hidden="true">{reactionSigns[reaction]}</span>
          {count > 1 && <span aria-hidden="true">{count}</span>}
          <span className="fa-reactions__name">{name}</span>
          <span className="kern-sr-only">{reactionName(reaction)}</span>
        </li>
      ))}
    </ul>
  );
}

/** What a reader hears. It stands alone, so that the meeting is not drawn anew for each sentence. */
function News({ meeting, broken }: { meeting: Meeting; broken: boolean }) {
  const news = useNews(meeting, broken);
  return (
    <p className="kern-sr-only" role="status">
      {news}
    </p>
  );
}

/** The last news for readers; what concerns oneself is shown to everybody's eyes, too. */
function useNews(meeting: Meeting, broken: boolean): string {
  const { t } = useLingui();
  const [news, setNews] = useState('');
  // That it broke stands in the notices; once it is back they are gone, and nothing would be heard.
  const before = useRef(broken);
  useEffect(() => {
    if (before.current && !broken) setNews(t`Die Verbindung ist wieder da.`);
    before.current = broken;
  }, [broken, t]);
  useEffect(
    () =>
      meeting.hear((message, before, after) => {
        if (message.message === 'moderated') {
          const text = moderationText(message.what, after.rules.may_unmute);
          if (text) announce('info', ...text);
        }
        const said = newsOf(message, before, after);
        if (said) setNews(said);
      }),
    [meeting],
  );
  return news;
}

/** How many messages came since the chat was last open. */
function useUnread({ chat, own }: MeetingView, open: boolean): number {
  const last = chat.at(-1)?.id ?? 0;
  const [read, setRead] = useState(last);
  const seen = useRef(false);
  useEffect(() => {
    if (open || !seen.current) setRead(last);
    seen.current = true;
  }, [open, last]);
  return open ? 0 : chat.filter(({ id, seat }) => id > read && seat !== own?.id).length;
}
