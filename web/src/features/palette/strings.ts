import { catalogue } from '@/lib/i18n';

export const tp = catalogue({
  title: 'Go to a document or run a command',
  placeholder: 'Search documents and commands',
  results: 'Results',
  recent: 'Recent',
  documents: 'Documents',
  commands: 'Commands',
  workspaces: 'Workspaces',
  none: 'Nothing is called “{query}” here.',
  create: 'Create “{path}”',
  found: { one: '{count} result', other: '{count} results' },
  hint_commands: 'Type > for commands only',
});
