/** Which links lead to no document; the page around the editor knows, and tells it anew when documents come and go. */
import { StateEffect, StateField, type EditorState } from '@codemirror/state';

export type IsDead = (href: string) => boolean;

export const setDeadLinks = StateEffect.define<IsDead>();

export const deadLinks = StateField.define<IsDead>({
  create: () => () => false,
  update: (before, { effects }) => effects.reduce((isDead, effect) => (effect.is(setDeadLinks) ? effect.value : isDead), before),
});

export const isDeadLink = (state: EditorState, href: string): boolean => state.field(deadLinks, false)?.(href) ?? false;
