import { lazy } from 'react';
import { showModal } from '@/ui/modal';

const ShortcutsDialog = lazy(() => import('./ShortcutsDialog'));

export const showShortcuts = (): void => showModal((close) => <ShortcutsDialog onClose={close} />);
