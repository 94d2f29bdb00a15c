import { createContext, use } from 'react';
import type { Policy } from '../container/index.ts';

/** What people may do with what is shown besides reading it, and what lies over it. */
export type Rules = {
  copyOut: boolean;
  print: boolean;
  download: boolean;
  watermark: boolean;
  blur: boolean;
  /** Whether files may be kept in the container. */
  files: boolean;
  /** Whether what is attached to messages may be opened. */
  attachments: boolean;
};

/** Where nobody said anything, nothing leaves. */
export const CLOSED: Rules = {
  copyOut: false,
  print: false,
  download: false,
  watermark: false,
  blur: false,
  files: false,
  attachments: false,
};

/** What the signed policy of the container says. */
export function rulesOf(policy: Policy | undefined): Rules {
  if (!policy) return CLOSED;
  const { copy_out: copyOut, print, download, watermark, blur, files, attachments } = policy;
  return { copyOut, print, download, watermark, blur, files, attachments };
}

export const RulesContext = createContext<Rules>(CLOSED);

/** What holds for the page. */
export const useRules = (): Rules => use(RulesContext);
