import { createContext, use } from 'react';
import type { OwnFiles } from './own-files.ts';

export const OwnFilesContext = createContext<OwnFiles | null>(null);

/** The files that are kept aside; null where there is no container for them. */
export const useOwnFiles = (): OwnFiles | null => use(OwnFilesContext);
