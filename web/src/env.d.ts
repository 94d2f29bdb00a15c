/// <reference types="vite/client" />
declare module '*.po' {
  import type { Messages } from '@lingui/core';

  export const messages: Messages;
}
declare module '*?packed' {
  /** Where the file lies, compressed if the address ends in `.gz`. */
  const address: string;
  export default address;
}

/** Whether this build leaves the container's encryption out; only the scan's build does. */
declare const __CONTAINER_IN_CLEAR__: boolean;
/** `build/pdf-data.ts`: where what PDFs need besides themselves lies. */
declare module 'virtual:pdf-data' {
  export const core: string;
  export const signs: string;
}
