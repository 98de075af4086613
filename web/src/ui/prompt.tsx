import { lazy } from 'react';
import { showModal } from './modal';
import type { PromptProps } from './PromptDialog';

const PromptDialog = lazy(() => import('./PromptDialog'));

export const showPrompt = (props: Omit<PromptProps, 'onClose'>): void => showModal((close) => <PromptDialog {...props} onClose={close} />);
