/** The words that the editor and the reading view show; they know no catalogue of their own. */
import type { EditorWords } from '@/core/editor';
import type { RenderWords } from '@/core/render';
import { t } from './strings';

export const renderWords: RenderWords = {
  frontMatter: t('render.front_matter'),
  notes: t('render.notes'),
  backToText: t('render.back'),
  taskDone: t('render.task_done'),
  taskOpen: t('render.task_open'),
  imageMissing: t('render.image_missing'),
  diagram: t('render.diagram'),
  linkDead: t('render.link_dead'),
};

export const editorWords: EditorWords = {
  label: t('editor.label'),
  placeholder: t('editor.placeholder'),
  taskDone: t('render.task_done'),
  taskOpen: t('render.task_open'),
  imageMissing: t('render.image_missing'),
  phrases: {
    Find: t('search.find'),
    Replace: t('search.replace'),
    next: t('search.next'),
    previous: t('search.previous'),
    all: t('search.all'),
    'match case': t('search.match_case'),
    'by word': t('search.by_word'),
    regexp: t('search.regexp'),
    replace: t('search.replace'),
    'replace all': t('search.replace_all'),
    close: t('search.close'),
  },
};
