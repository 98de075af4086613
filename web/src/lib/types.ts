// What the API gives, as the page uses it.

export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** Runs this server: reads its outbox. */
  readonly is_operator?: boolean;
}

export type Role = 'owner' | 'editor' | 'commenter' | 'viewer';

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

export interface Member {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

export interface DocumentInfo {
  readonly id: string;
  readonly path: string;
  readonly title: string;
  readonly rev: number;
  readonly updated_at: string;
}

export interface TrashedDocument extends DocumentInfo {
  readonly deleted_at: string;
}

export interface ServerConfig {
  readonly version: string;
  readonly signup_open: boolean;
  readonly first_run: boolean;
  readonly max_document_bytes: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}
