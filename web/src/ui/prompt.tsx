import { lazy } from 'react';
import { showModal } from './modal';
import type { PromptProps } from './PromptDialog';

export const loadPrompt = () => import('./PromptDialog');
const PromptDialog = lazy(loadPrompt);

export const showPrompt = (props: Omit<PromptProps, 'onClose'>): void => showModal((close) => <PromptDialog {...props} onClose={close} />);
