import { useCallback, useState } from 'react';

const keyOf = (workspaceId: string): string => `mdreader.open-folders.${workspaceId}`;

function read(workspaceId: string): ReadonlySet<string> {
  try {
    return new Set(JSON.parse(localStorage.getItem(keyOf(workspaceId)) ?? '[]') as string[]);
  } catch {
    return new Set();
  }
}

/** Which folders are open, remembered for each workspace. Mount it anew (`key`) for another one. */
export function useOpenFolders(workspaceId: string) {
  const [open, setOpen] = useState(() => read(workspaceId));
  const setFolders = useCallback(
    (paths: readonly string[], isOpen: boolean) =>
      setOpen((before) => {
        if (paths.every((path) => before.has(path) === isOpen)) return before;
        const next = new Set(before);
        for (const path of paths) {
          if (isOpen) next.add(path);
          else next.delete(path);
        }
        localStorage.setItem(keyOf(workspaceId), JSON.stringify([...next]));
        return next;
      }),
    [workspaceId],
  );
  return [open, setFolders] as const;
}
