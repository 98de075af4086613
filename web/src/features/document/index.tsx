export { KeptText } from './KeptText';
export { forgetDocuments } from './use-session';
export { DocumentView as default, type DocumentViewProps } from './DocumentView';
