import { lazy } from 'react';
import { showModal } from '@/ui/modal';

export const loadShortcuts = () => import('./ShortcutsDialog');
const ShortcutsDialog = lazy(loadShortcuts);

export const showShortcuts = (): void => showModal((close) => <ShortcutsDialog onClose={close} />);
