import { lazy } from 'react';

export const SettingsScreen = lazy(() => import('./SettingsScreen'));
export const SecurityScreen = lazy(() => import('./security/SecurityScreen'));
export const OutboxScreen = lazy(() => import('./outbox/OutboxScreen'));
export const VerifyNote = lazy(() => import('./VerifyNote'));
