import type { Extension } from '@codemirror/state';
import { inlinePreview } from './inline';
import { reveal } from './reveal';
import { tablePreview } from './tables';
import type { WidgetWords } from './widgets';

export type { WidgetWords } from './widgets';

/** Shows Markdown as what it means, and its marks where somebody writes. */
export const livePreview = (words: WidgetWords): Extension => [reveal, inlinePreview(words), tablePreview];
