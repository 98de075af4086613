/** Pasting: an address over a selection becomes a link, rich text becomes Markdown, with Shift everything stays plain. */
import { pasteURLAsLink } from '@codemirror/lang-markdown';
import type { Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { cleanText } from './input-filter';

/** HTML that only wraps plain text (editors, terminals, code) says nothing that the plain text does not. */
const MEANS_SOMETHING = /<(?:h[1-6]|strong|b|em|i|a|ul|ol|li|table|blockquote|pre|code|img|del|s|hr)[\s>]/i;
const FROM_CODE_EDITOR = /vscode|data-vscode|monospace/i;

let shiftDown = false;

const watchShift = EditorView.domEventHandlers({
  keydown: (event) => {
    shiftDown = event.shiftKey;
  },
  keyup: (event) => {
    shiftDown = event.shiftKey;
  },
});

const pasteRich = EditorView.domEventHandlers({
  paste(event, view) {
    const html = event.clipboardData?.getData('text/html') ?? '';
    const plain = event.clipboardData?.getData('text/plain') ?? '';
    if (view.state.readOnly || shiftDown || !MEANS_SOMETHING.test(html) || FROM_CODE_EDITOR.test(html)) return false;
    event.preventDefault();
    void insertConverted(view, html, plain);
    return true;
  },
});

async function insertConverted(view: EditorView, html: string, plain: string): Promise<void> {
  let text = cleanText(plain);
  try {
    const { htmlToMarkdown } = await import('./html-to-markdown');
    text = htmlToMarkdown(html) || text;
  } catch {
    // Without a network the converter cannot be loaded: the plain text is better than nothing.
  }
  view.dispatch(view.state.replaceSelection(text), { userEvent: 'input.paste', scrollIntoView: true });
}

export const pasting: Extension = [watchShift, pasteURLAsLink, pasteRich];
