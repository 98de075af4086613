export { Preview, type PreviewOptions } from './preview';
export type { RenderWords } from './render-block';
export { countWords } from './count-words';
export { countLater, headingsLater, isLong } from './long-text';
export { headingsOf, type Heading } from './split';
export { isExternal, isSafeLink, resolveLink, type DocumentTarget } from './links';
