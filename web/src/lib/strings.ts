import { catalogue } from './i18n';

/** The shell's strings. A lazily loaded feature has a catalogue of its own. */
export const t = catalogue({
  'app.name': 'mdreader',
});
