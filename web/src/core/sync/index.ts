export type { ErrorKind } from './close';
export { TicketRefused, type Ticket } from './connection';
export { LocalStore, openLocalStore, type DocumentInfo, type Draft } from './local-store';
export type { Observable } from './observable';
export { closeAllSessions, ensureSession, holdSession } from './registry';
export type { Replica } from './replica';
export type { DocumentSession, SessionOptions } from './session';
export type { SyncKind, SyncState } from './state';
