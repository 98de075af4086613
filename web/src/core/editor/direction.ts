/** Each line goes the way of its own words, as the blocks of the reading view do: an English paragraph in an Arabic text. */
import { RangeSetBuilder, type Extension } from '@codemirror/state';
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view';

const auto = Decoration.line({ attributes: { dir: 'auto' } });

function linesOnScreen({ state, visibleRanges }: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  let done = -1;
  for (const { from, to } of visibleRanges) {
    for (let line = state.doc.lineAt(from); ; line = state.doc.line(line.number + 1)) {
      if (line.from > done) builder.add(line.from, line.from, auto);
      done = Math.max(done, line.from);
      if (line.to >= to || line.number === state.doc.lines) break;
    }
  }
  return builder.finish();
}

const plugin = ViewPlugin.fromClass(
  class {
    lines: DecorationSet;

    constructor(view: EditorView) {
      this.lines = linesOnScreen(view);
    }

    update(update: ViewUpdate): void {
      if (update.docChanged || update.viewportChanged) this.lines = linesOnScreen(update.view);
    }
  },
  { decorations: ({ lines }) => lines },
);

export const direction: Extension = [plugin, EditorView.perLineTextDirection.of(true)];
