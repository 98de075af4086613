import type { RenderWords } from './render-block';

export const testWords: RenderWords = {
  frontMatter: 'Properties',
  notes: 'Notes',
  backToText: 'Back to the text',
  taskDone: 'Done',
  taskOpen: 'Open',
  imageMissing: 'Picture:',
  diagram: 'Diagram',
  linkDead: 'nowhere',
};
