/** `- [ ]` items: the box is left as a marked span, because the sanitiser lets no form control pass. */
import type { MarkdownIt } from 'markdown-it';

const BOX = /^\[([ xX])\](?=\s|$)/;

export function tasks(md: MarkdownIt): void {
  md.core.ruler.after('inline', 'tasks', (state) => {
    state.tokens.forEach((token, index) => {
      const item = state.tokens[index - 2];
      if (token.type !== 'inline' || state.tokens[index - 1]?.type !== 'paragraph_open' || item?.type !== 'list_item_open') return;
      const found = BOX.exec(token.content);
      const [first] = token.children ?? [];
      if (!found || first?.type !== 'text') return;
      first.content = first.content.slice(found[0].length).replace(/^\s/, '');
      const box = new state.Token('task_box', '', 0);
      box.meta = { line: item.map?.[0] ?? 0, done: found[1] !== ' ' };
      token.children?.unshift(box);
      item.attrJoin('class', 'md-task-item');
    });
  });
  md.renderer.rules['task_box'] = (tokens, index) => {
    const { line, done } = tokens[index]?.meta as { line: number; done: boolean };
    return `<span class="md-task-place" data-task-line="${line}" data-task-done="${done}"></span> `;
  };
}
