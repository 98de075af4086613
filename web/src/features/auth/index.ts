import { lazy } from 'react';

export { currentUser, logOut, onUserChange, signedIn, startSession, useUser } from './session';
export { safeNext } from './next';
export { checkPassword } from './password';
export { PasswordField } from './PasswordField';
export const AuthScreen = lazy(() => import('./AuthScreen'));
