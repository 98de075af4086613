/** One block as elements: rendered, sanitised, and only then given what the sanitiser would not let pass. */
import type { Block, Note, RenderContext } from './split';
import { renderer } from './markdown';
import { ID_PREFIX, sanitize } from './sanitize';

export interface RenderWords {
  readonly frontMatter: string;
  readonly notes: string;
  readonly backToText: string;
  readonly taskDone: string;
  readonly taskOpen: string;
  readonly imageMissing: string;
  readonly diagram: string;
  readonly linkDead: string;
}

const environment = (context: RenderContext) => ({ references: { ...context.references }, notes: context.notes });

export function renderBlock(block: Block, context: RenderContext, words: RenderWords): DocumentFragment {
  switch (block.kind) {
    case 'markdown':
      return finish(sanitize(renderer.render(block.source, environment(context))), words);
    case 'front-matter':
      return frontMatter(block.source, words);
    case 'notes':
      return notes(context, words);
  }
}

function element(tag: string, name: string, text = ''): HTMLElement {
  const made = document.createElement(tag);
  if (name !== '') made.className = name;
  made.textContent = text;
  return made;
}

/** A quiet block that opens on a click: useful to see, not to read. */
function frontMatter(source: string, words: RenderWords): DocumentFragment {
  const details = element('details', 'md-front-matter');
  details.append(element('summary', '', words.frontMatter), element('pre', '', source));
  const fragment = document.createDocumentFragment();
  fragment.append(details);
  return fragment;
}

function notes(context: RenderContext, words: RenderWords): DocumentFragment {
  const section = element('section', 'md-notes');
  section.setAttribute('aria-label', words.notes);
  const list = document.createElement('ol');
  for (const note of context.noteList) list.append(noteItem(note, context, words));
  section.append(list);
  const fragment = document.createDocumentFragment();
  fragment.append(section);
  return fragment;
}

function noteItem(note: Note, context: RenderContext, words: RenderWords): HTMLElement {
  const item = document.createElement('li');
  item.id = `${ID_PREFIX}note-${note.number}`;
  item.append(finish(sanitize(renderer.render(note.source, environment(context))), words));
  const back = document.createElement('a');
  back.className = 'md-note-back';
  back.href = `#note-ref-${note.number}`;
  back.textContent = '↩\ufe0e';
  back.setAttribute('aria-label', words.backToText);
  const last = item.lastElementChild;
  (last?.tagName === 'P' ? last : item).append(' ', back);
  return item;
}

function finish(fragment: DocumentFragment, words: RenderWords): DocumentFragment {
  for (const place of fragment.querySelectorAll('.md-task-place')) placeTask(place, words);
  for (const image of fragment.querySelectorAll('img')) checkImage(image, words);
  for (const box of fragment.querySelectorAll<HTMLElement>('.md-table, pre')) {
    // What scrolls sideways must be reachable with the keyboard.
    box.tabIndex = 0;
    box.setAttribute('role', 'group');
    box.dir = box.tagName === 'PRE' ? 'ltr' : 'auto';
  }
  for (const child of fragment.children) if (child instanceof HTMLElement && !child.dir) child.dir = 'auto';
  return fragment;
}

function placeTask(place: Element, words: RenderWords): void {
  const done = place.getAttribute('data-task-done') === 'true';
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.className = 'md-task';
  box.checked = done;
  box.dataset['line'] = place.getAttribute('data-task-line') ?? '';
  box.setAttribute('aria-label', done ? words.taskDone : words.taskOpen);
  place.replaceWith(box);
}

/** A picture beside the document is not in the workspace yet: say so instead of showing a broken one. */
function checkImage(image: HTMLImageElement, words: RenderWords): void {
  const src = image.getAttribute('src');
  if (src !== null && /^(?:https?:|data:)/i.test(src)) return;
  image.replaceWith(element('span', 'md-image-missing', `${words.imageMissing} ${image.alt || (src ?? '')}`));
}
