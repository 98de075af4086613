// The documents this person opened last, for the palette and the workspace's first page.

const SHOWN = 20;
const keyOf = (workspaceId: string): string => `mdreader.recent.${workspaceId}`;

export function recentDocuments(workspaceId: string): readonly string[] {
  try {
    return JSON.parse(localStorage.getItem(keyOf(workspaceId)) ?? '[]') as string[];
  } catch {
    return [];
  }
}

export function rememberDocument(workspaceId: string, documentId: string): void {
  const next = [documentId, ...recentDocuments(workspaceId).filter((id) => id !== documentId)];
  localStorage.setItem(keyOf(workspaceId), JSON.stringify(next.slice(0, SHOWN)));
}
