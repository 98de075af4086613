export { default as LinkScreen } from './LinkScreen';
export { ForgotScreen, ResetScreen } from './PasswordScreens';
export { VerifyScreen } from './VerifyScreen';
