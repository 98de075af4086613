import type { ReactNode } from 'react';
import {
  indentItems,
  insertLink,
  outdentItems,
  redo,
  setHeading,
  toggleBold,
  toggleCode,
  toggleItalic,
  toggleStrike,
  toggleTasks,
  undo,
  type DocumentEditor,
} from '@/core/editor';
import { Icon } from '@/ui/Icon';
import { t } from './strings';

type Tool = readonly [label: string, sign: ReactNode, run: Parameters<DocumentEditor['run']>[0]];

const tools: readonly Tool[] = [
  [t('toolbar.undo'), <Icon key="undo" name="undo" />, undo],
  [t('toolbar.redo'), <Icon key="redo" name="undo" className="doc-tool-mirrored" />, redo],
  [t('toolbar.heading'), 'H', setHeading(2)],
  [t('toolbar.bold'), <b key="bold">B</b>, toggleBold],
  [t('toolbar.italic'), <i key="italic">I</i>, toggleItalic],
  [t('toolbar.strike'), <s key="strike">S</s>, toggleStrike],
  [t('toolbar.code'), '<>', toggleCode],
  [t('toolbar.link'), '[ ]( )', insertLink],
  [t('toolbar.task'), <Icon key="task" name="check" />, toggleTasks],
  [t('toolbar.outdent'), '⇤', outdentItems],
  [t('toolbar.indent'), '⇥', indentItems],
];

/** Markdown's marks are hard to reach on a phone's keyboard; here they are, right above it. */
export function Toolbar({ editor }: { editor: DocumentEditor }) {
  return (
    <div className="doc-toolbar" role="toolbar" aria-label={t('toolbar.label')}>
      {tools.map(([label, sign, run]) => (
        <button
          key={label}
          type="button"
          aria-label={label}
          title={label}
          // Taking the focus would close the keyboard.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => editor.run(run)}
        >
          {sign}
        </button>
      ))}
    </div>
  );
}
