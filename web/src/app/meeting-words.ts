import { t } from '@lingui/core/macro';
import type { Schema } from '../api/client.ts';
import { icons } from '../ui/icon.tsx';
import type { Word } from './device-words.ts';

export const CLASSES = ['open', 'internal', 'confidential'] as const;
/** From the laxest to the strictest. */
export const LOBBIES = ['nobody', 'guests', 'uninvited', 'everybody'] as const;

/** A protection class with the tone and picture it is shown in. */
export function className(protection: Schema<'ProtectionClass'>): Word & { icon: string } {
  switch (protection) {
    case 'open':
      return { label: t`offen`, tone: 'neutral', icon: icons.iconLockOpen };
    case 'internal':
      return { label: t`intern`, tone: 'info', icon: icons.iconLock };
    case 'confidential':
      return { label: t`vertraulich`, tone: 'success', icon: icons.iconEncrypted };
  }
}

/** Who waits in the lobby. */
export function lobbyName(lobby: Schema<'LobbyFor'>): string {
  switch (lobby) {
    case 'nobody':
      return t`niemand`;
    case 'guests':
      return t`Gäste ohne Konto`;
    case 'uninvited':
      return t`wer nicht namentlich eingeladen ist`;
    case 'everybody':
      return t`alle außer denen, die leiten`;
  }
}

/** Lobbies that are at least as strict as this one. */
export function lobbiesFrom(least: Schema<'LobbyFor'>) {
  return LOBBIES.slice(LOBBIES.indexOf(least));
}

export function kindName(kind: Schema<'RoomKind'>): string {
  switch (kind) {
    case 'personal':
      return t`Persönlicher Raum`;
    case 'meeting':
      return t`Besprechung`;
    case 'lecture':
      // Elsewhere the same word is the role of who presents.
      return t({ message: 'Vortrag', context: 'kind of meeting' });
  }
}
