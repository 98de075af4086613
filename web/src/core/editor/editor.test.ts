// @vitest-environment jsdom
import { EditorView } from '@codemirror/view';
import { afterEach, describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { Replica } from '@/core/sync/replica';
import { DocumentEditor } from './editor';
import { undo } from './commands/history';
import { htmlToMarkdown } from './html-to-markdown';
import { cleanText } from './input-filter';
import { peersField } from './presence';

const made: DocumentEditor[] = [];
const words = { label: 'x', placeholder: '', phrases: {}, taskDone: 'done', taskOpen: 'open', imageMissing: 'missing' };

function edit(replica: Replica, live = false): DocumentEditor {
  const parent = document.body.appendChild(document.createElement('div'));
  const editor = new DocumentEditor({ parent, replica, readOnly: false, live, words, colorOf: () => 'red', openLink: () => undefined });
  made.push(editor);
  return editor;
}

function replicaOf(text: string): Replica {
  const replica = new Replica('e');
  replica.text.insert(0, text);
  return replica;
}

/** Two replicas that hear of each other at once. */
function connect(a: Replica, b: Replica): void {
  Y.applyUpdate(b.doc, Y.encodeStateAsUpdate(a.doc), 'peer');
  a.doc.on('update', (update: Uint8Array, origin: unknown) => origin !== 'peer' && Y.applyUpdate(b.doc, update, 'peer'));
  b.doc.on('update', (update: Uint8Array, origin: unknown) => origin !== 'peer' && Y.applyUpdate(a.doc, update, 'peer'));
}

afterEach(() => {
  for (const editor of made.splice(0)) editor.destroy();
  document.body.replaceChildren();
});

const textOf = ({ view }: DocumentEditor) => view.state.doc.toString();

describe('the shared text', () => {
  it('keeps offsets with raw carriage returns and characters beyond the first plane', () => {
    const a = replicaOf('one\r\ntwo 👩‍🚀\rthree\n');
    const b = new Replica('e');
    connect(a, b);
    const [left, right] = [edit(a), edit(b)];
    const at = textOf(left).indexOf('three');
    left.view.dispatch({ changes: { from: at, insert: 'é' }, userEvent: 'input.type' });
    b.text.insert(0, '𝒳');
    expect(textOf(left)).toBe('𝒳one\r\ntwo 👩‍🚀\réthree\n');
    expect(textOf(right)).toBe(a.text.toJSON());
    expect(textOf(left)).toBe(a.text.toJSON());
  });

  it('undoes what I did and nothing of others', () => {
    const a = replicaOf('');
    const b = new Replica('e');
    connect(a, b);
    const [left, right] = [edit(a), edit(b)];
    left.view.dispatch({ changes: { from: 0, insert: 'mine' }, userEvent: 'input.type' });
    right.view.dispatch({ changes: { from: 4, insert: ' theirs' }, userEvent: 'input.type' });
    undo(left.view);
    expect(textOf(right)).toBe(' theirs');
  });

  it('lets no NUL in and turns a clipboard’s line ends into plain ones', () => {
    const editor = edit(replicaOf(''));
    editor.view.dispatch({ changes: { from: 0, insert: 'a\0b' }, userEvent: 'input.type' });
    expect(textOf(editor)).toBe('ab');
    expect(cleanText('a\r\nb\rc\0')).toBe('a\nb\nc');
  });

  it('does not write where I may only read', () => {
    const editor = edit(replicaOf('text'));
    editor.setReadOnly(true);
    expect(editor.view.state.readOnly).toBe(true);
    undo(editor.view);
    expect(textOf(editor)).toBe('text');
  });
});

describe('presence', () => {
  const settle = () => new Promise<void>((resolve) => queueMicrotask(resolve));

  it('shows where somebody is, moves with the text, and waits for text that has not arrived', async () => {
    const a = replicaOf('hello world');
    const editor = edit(a);
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(a.doc));
    const text = other.getText('content');
    text.insert(11, '!');
    const json = (index: number) => Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index)) as unknown;
    const say = (client: number, cursor: unknown) => {
      a.awareness.states.set(client, { user: { id: 'u', name: 'Bob' }, cursor });
      a.awareness.emit('change', [{ added: [client], updated: [], removed: [] }, 'peer']);
    };
    say(7, { anchor: json(6), head: json(6) });
    say(8, { anchor: json(11), head: json(11) });
    expect(editor.view.state.field(peersField).get(7)?.head).toBe(6);
    expect(editor.view.state.field(peersField).get(8)).toBeUndefined();
    editor.view.dispatch({ changes: { from: 0, insert: '>> ' }, userEvent: 'input.type' });
    expect(editor.view.state.field(peersField).get(7)?.head).toBe(9);
    Y.applyUpdate(a.doc, Y.encodeStateAsUpdate(other), 'peer');
    await settle();
    expect(editor.view.state.field(peersField).get(8)?.head).toBe(14);
  });

  it('takes anything for a position without harm', () => {
    const a = replicaOf('text');
    const editor = edit(a);
    for (const cursor of [{ anchor: 1, head: 'x' }, { anchor: { type: { client: -1 } }, head: [] }, 'x', { anchor: { item: { client: 1, clock: 1e9 } }, head: {} }]) {
      a.awareness.states.set(9, { user: { id: 5, name: { toString: 'no' } }, cursor });
      a.awareness.emit('change', [{ added: [9], updated: [], removed: [] }, 'peer']);
    }
    expect(editor.view.state.field(peersField).size).toBe(0);
  });
});

describe('live preview', () => {
  const source = '# Title\n\nsome **bold** text\n\n- [ ] task\n\n| a | b |\n| - | - |\n| 1 | **2** |\n\n---\n\n<img src=x onerror=alert(1)>\n';

  it('hides marks, draws boxes and tables, and leaves the text as it is', () => {
    const editor = edit(replicaOf(source), true);
    const { contentDOM } = editor.view;
    expect(contentDOM.querySelector('.cm-md-hidden')?.textContent).toBe('# ');
    expect(contentDOM.querySelectorAll('td')).toHaveLength(2);
    expect(contentDOM.querySelector('td strong')?.textContent).toBe('2');
    expect(contentDOM.querySelector('img')?.className ?? 'cm-widgetBuffer').toBe('cm-widgetBuffer');
    expect(textOf(editor)).toBe(source);
  });

  it('checks a task with a click', () => {
    const replica = replicaOf(source);
    const editor = edit(replica, true);
    editor.view.contentDOM.querySelector<HTMLInputElement>('input.md-task')?.click();
    expect(replica.text.toJSON()).toContain('- [x] task');
  });

  it('reads front matter as front matter, also when it is closed while typing', () => {
    const editor = edit(replicaOf('---\ntitle: x\n'), true);
    expect(editor.view.contentDOM.querySelector('.cm-md-front-matter')).toBeNull();
    editor.view.dispatch({ changes: { from: editor.view.state.doc.length, insert: '---\n\ntext' }, userEvent: 'input.type' });
    expect(editor.view.contentDOM.querySelectorAll('.cm-md-front-matter')).toHaveLength(3);
    expect(editor.view.contentDOM.querySelector('.cm-md-h')).toBeNull();
  });

  it('can be turned off and on', () => {
    const editor = edit(replicaOf(source), true);
    editor.setLive(false);
    expect(editor.view.contentDOM.querySelector('.cm-md-hidden')).toBeNull();
    expect(editor.view.dom.classList.contains('cm-source')).toBe(true);
    editor.setLive(true);
    expect(editor.view.contentDOM.querySelector('.cm-md-hidden')).not.toBeNull();
    expect(EditorView.findFromDOM(editor.view.dom)).toBe(editor.view);
  });
});

describe('rich text from the clipboard', () => {
  it.each([
    ['<p>a <b>bold</b> and <i>it</i></p><p>b</p>', 'a **bold** and _it_\n\nb'],
    ['<h2>T</h2><ul><li>x<ul><li>y</li></ul></li><li>z</li></ul>', '## T\n\n- x\n  - y\n- z'],
    ['<ol start="3"><li>c</li><li>d</li></ol>', '3. c\n4. d'],
    ['<a href="https://e.org/a b">l</a> <a href="javascript:alert(1)">m</a>', '[l](<https://e.org/a b>) m'],
    ['<table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td><td>3</td></tr></table>', '| a | b |\n| --- | --- |\n| 1\\|2 | 3 |'],
    ['<pre><code class="language-js">let x;\n</code></pre>', '```js\nlet x;\n```'],
    ['<b style="font-weight:normal"><p>docs</p></b>', 'docs'],
    ['<blockquote><p>q</p><p>r</p></blockquote>', '> q\n>\n> r'],
    ['<script>alert(1)</script><p>1 * 2 _x_</p>', '1 \\* 2 \\_x\\_'],
  ])('%s', (html, markdown) => {
    expect(htmlToMarkdown(html)).toBe(markdown);
  });
});
