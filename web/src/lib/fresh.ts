// The document that was just made here: whoever made it wants to write in it.

let fresh: string | undefined;

export function markFresh(documentId: string): void {
  fresh = documentId;
}

export const isFresh = (documentId: string): boolean => fresh === documentId;

/** Whether this is the one; asked once, when its editor is there. */
export function takeFresh(documentId: string): boolean {
  const is = isFresh(documentId);
  if (is) fresh = undefined;
  return is;
}
