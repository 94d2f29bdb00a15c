import { createContext, use, useEffect, useState } from 'react';
import { useRules } from '../../guard/rules.ts';
import type { OwnFile, OwnFiles } from './own-files.ts';

export const OwnFilesContext = createContext<OwnFiles | null>(null);

/** The files that are kept aside; null where there is no container for them. */
export const useOwnFiles = (): OwnFiles | null => use(OwnFilesContext);

/** Whether there is an area of files: where more may be kept, and where something still lies in it. */
export function useHasFiles(): boolean {
  const files = useOwnFiles();
  const { files: mayKeep } = useRules();
  const list = useFileList(mayKeep ? null : files);
  return files !== null && (mayKeep || (list !== null && list.length > 0));
}

/** What lies in the area, as it is now; null until that is known. */
export function useFileList(files: OwnFiles | null): OwnFile[] | null {
  const [list, setList] = useState<OwnFile[] | null>(null);
  useEffect(() => {
    if (!files) return;
    let isLeft = false;
    const read = () =>
      files.list().then(
        (now) => !isLeft && setList(now),
        // Locked meanwhile: the page goes with it.
        () => undefined,
      );
    void read();
    const stop = files.onChange(() => void read());
    return () => {
      isLeft = true;
      stop();
    };
  }, [files]);
  return list;
}
