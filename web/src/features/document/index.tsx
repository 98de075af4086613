import { currentUser } from '@/features/auth';
import { forgetOnSignOut } from './use-session';

forgetOnSignOut(() => currentUser()?.id);

export { KeptText } from './KeptText';
export { DocumentView as default, type DocumentViewProps } from './DocumentView';
