import { lazy } from 'react';

export const SettingsScreen = lazy(() => import('./SettingsScreen'));
export const SecurityScreen = lazy(() => import('./security/SecurityScreen'));
export const OutboxScreen = lazy(() => import('./outbox/OutboxScreen'));
/** Only a reminder: without a network there is none, instead of a page that breaks. */
export const VerifyNote = lazy(() => import('./VerifyNote').catch(() => ({ default: () => null })));
