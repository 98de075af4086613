import { lazy } from 'react';

export { currentUser, logOut, onUserChange, signedIn, startSession, useUser } from './session';
export { safeNext } from './next';
export { NewPasswordField, PasswordField } from './PasswordField';
export { useNewPassword } from './useNewPassword';
export { useOptions } from './options';

const mails = () => import('./mail-screens');
export const AuthScreen = lazy(() => import('./AuthScreen'));
export const LinkScreen = lazy(() => mails().then((screens) => ({ default: screens.LinkScreen })));
export const ForgotScreen = lazy(() => mails().then((screens) => ({ default: screens.ForgotScreen })));
export const ResetScreen = lazy(() => mails().then((screens) => ({ default: screens.ResetScreen })));
export const VerifyScreen = lazy(() => mails().then((screens) => ({ default: screens.VerifyScreen })));
