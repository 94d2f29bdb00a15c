import { Trans, useLingui } from '@lingui/react/macro';
import { type CSSProperties, type ReactNode, useEffect, useRef } from 'react';
import { Icon, icons } from '../../../../ui/icon.tsx';
import type { Picture } from '../media/seats.ts';
import { NameMark } from '../name-mark.tsx';
import type { TileView } from './arrange.ts';

type TileProps = {
  tile: TileView;
  /** Fills the stage; a screen is then shown whole. */
  large?: boolean;
  /** What can be done with this seat: a menu's button. */
  menu?: ReactNode;
  style?: CSSProperties;
};

/** Somebody's picture, or a screen, with the name and what one must know about it. */
export function Tile({ tile, large = false, menu, style }: TileProps) {
  const { picture, kind, own, speaking } = tile;
  const classes = [
    'fa-seat',
    kind === 'screen' ? 'fa-seat--screen' : '',
    large ? 'fa-seat--large' : '',
    speaking ? 'fa-seat--speaking' : '',
    own && kind === 'person' ? 'fa-seat--mirrored' : '',
  ];
  return (
    <li className={classes.filter(Boolean).join(' ')} style={style} data-seat={tile.identity}>
      {picture && <Video picture={picture} />}
      {tile.unreadable && (
        <span className="fa-seat__closed">
          <Icon of={icons.iconLock} />
          <Trans>Hier nicht zu entschlüsseln</Trans>
        </span>
      )}
      {!tile.unreadable && tile.noPicture && (
        <span className="fa-seat__closed">
          <Icon of={icons.iconVideocamOff} />
          {tile.noPicture === 'format' ? (
            <Trans>Ihr Browser kann dieses Bild nicht wiedergeben</Trans>
          ) : (
            <Trans>Das Bild kommt hier nicht an</Trans>
          )}
        </span>
      )}
      {!tile.unreadable && !tile.noPicture && (!picture || picture.paused) && (
        <span className="fa-seat__initials" aria-hidden="true">
          {initials(tile.name)}
        </span>
      )}
      <Plate tile={tile} />
      {menu && <div className="fa-seat__menu">{menu}</div>}
    </li>
  );
}

function Plate({ tile }: { tile: TileView }) {
  const { t } = useLingui();
  const { name, own, kind, microphone, speaking, quality, hand, picture } = tile;
  return (
    <p className="fa-seat__plate">
      {hand && <Icon of={icons.iconBackHand} size="small" label={t`Hand gehoben`} />}
      {kind === 'person' && microphone !== 'on' && (
        <Icon of={icons.iconMicOff} size="small" label={t`Mikrofon aus`} />
      )}
      {speaking && kind === 'person' && (
        <Icon of={icons.iconVolumeUp} size="small" label={t`spricht`} />
      )}
      <span className="fa-seat__name">
        {kind === 'screen' ? (
          own ? (
            <Trans>Ihr Bildschirm</Trans>
          ) : (
            <Trans>Bildschirm: {name}</Trans>
          )
        ) : own ? (
          <Trans>{name} (Sie)</Trans>
        ) : (
          name
        )}
      </span>
      {!own && <NameMark of={tile} brief />}
      {quality === 'weak' && (
        <Icon of={icons.iconSignalCellularAlt} size="small" label={t`Verbindung schwach`} />
      )}
      {quality === 'lost' && (
        <Icon of={icons.iconWifiOff} size="small" label={t`Verbindung unterbrochen`} />
      )}
      {tile.noSound && (
        <span className="fa-seat__paused">
          {tile.noSound === 'format' ? (
            <Trans>Ton hier nicht abspielbar</Trans>
          ) : (
            <Trans>Ton kommt nicht an</Trans>
          )}
        </span>
      )}
      {picture?.paused && (
        <span className="fa-seat__paused">
          <Trans>Bild pausiert</Trans>
        </span>
      )}
    </p>
  );
}

/**
 * A picture as long as it is there; the media plane measures how large it is shown. A paused one stays in its place:
 * what is not shown is not asked for, and would never come back.
 */
function Video({ picture: { attach, detach, paused } }: { picture: Picture }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = element.current;
    if (!video) return;
    attach(video);
    return () => detach(video);
  }, [attach, detach]);
  const classes = paused ? 'fa-seat__video fa-seat__video--paused' : 'fa-seat__video';
  return <video ref={element} className={classes} autoPlay playsInline muted />;
}

/** One or two letters that stand for a name. */
export function initials(name: string): string {
  const words = name.split(/[\s-]+/).filter((word) => /^\p{L}/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => (word ? [...word][0] : ''))
    .join('');
  return letters.toLocaleUpperCase() || '?';
}
