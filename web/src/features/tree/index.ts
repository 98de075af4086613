import { lazy } from 'react';

export { cachedDocuments, createDocument, documentsKey, useDocuments, type Documents } from './data';
export { Tree } from './Tree';
export { useTreeCommands, type TreeCommands } from './useTreeCommands';
export const TrashView = lazy(() => import('./TrashView'));
