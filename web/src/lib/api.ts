// The one way to the server: cookies, the CSRF header, typed problems, and a silent refresh that no
// two tabs do at once.
import { withLock } from './lock';
import { setReachable } from './online';

export interface FieldProblem {
  /** Where in the request: ['body', 'email']. */
  readonly loc: readonly (string | number)[];
  readonly message: string;
}

/** What the server refused, as its problem+json says it. `code` is stable; `message` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: readonly FieldProblem[] = [],
    readonly retryAfter?: number,
    /** What the problem says beyond the usual fields. */
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** The server did not answer: no network, or it is down. Nothing is known about what it did. */
export class OfflineError extends Error {
  override readonly name = 'OfflineError';
}

export interface RequestOptions {
  /** An object goes as JSON; a string goes as it is, with `type`. */
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

const REFRESHED_AT = 'mdreader.refreshed-at';
const CSRF_COOKIE = 'mdreader_csrf';
/** Those that speak about the session itself: a 401 of theirs is an answer, not a stale token. */
const NO_REFRESH = /^\/api\/auth\/(?:login|signup|refresh|logout|mfa|magic-link|passkey|password\/)/;

const sessionEnded = new Set<() => void>();

/** Calls `listener` when the session is over and only logging in again helps. Returns how to stop. */
export function onSessionEnd(listener: () => void): () => void {
  sessionEnded.add(listener);
  return () => sessionEnded.delete(listener);
}

function cookie(name: string): string | undefined {
  const found = document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`));
  return found && decodeURIComponent(found.slice(name.length + 1));
}

/** Whether this browser may have a session: the readable half of its cookies is there. */
export const hasSessionCookie = (): boolean => cookie(CSRF_COOKIE) !== undefined;

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set('Accept', 'application/json, application/problem+json');
  let body: BodyInit | null = null;
  if (typeof options.body === 'string') {
    headers.set('Content-Type', options.type ?? 'text/plain; charset=utf-8');
    body = options.body;
  } else if (options.body !== undefined) {
    headers.set('Content-Type', 'application/json');
    body = JSON.stringify(options.body);
  }
  const csrf = cookie(CSRF_COOKIE);
  if (csrf !== undefined && method !== 'GET') headers.set('X-CSRF-Token', csrf);
  try {
    const response = await fetch(path, { method, headers, body, credentials: 'same-origin', signal: options.signal ?? null });
    setReachable(true);
    return response;
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    setReachable(false);
    throw new OfflineError('The server cannot be reached.', { cause });
  }
}

async function toError(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = (key: string): string | undefined => (typeof problem[key] === 'string' ? problem[key] : undefined);
  const errors = Array.isArray(problem['errors']) ? (problem['errors'] as FieldProblem[]) : [];
  const retryAfter = Number(response.headers.get('Retry-After') ?? NaN);
  return new ApiError(
    response.status,
    text('code') ?? `http_${response.status}`,
    text('detail') ?? text('title') ?? response.statusText,
    errors,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
    problem,
  );
}

/**
 * Makes the session's tokens fresh, unless another tab did so after `since` (milliseconds of Date.now()):
 * the server ends a session whose old refresh token comes a second time.
 */
export function refreshSession(since: number): Promise<boolean> {
  return withLock('refresh', async () => {
    if (Number(localStorage.getItem(REFRESHED_AT) ?? 0) > since) return true;
    const response = await send('POST', '/api/auth/refresh', {});
    if (response.ok) {
      localStorage.setItem(REFRESHED_AT, String(Date.now()));
      return true;
    }
    if (response.status === 401 || response.status === 403) return false;
    throw await toError(response);
  });
}

/** Sends a request and gives the answer when it is 2xx or 304; throws ApiError or OfflineError otherwise. */
export async function request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const started = Date.now();
  let response = await send(method, path, options);
  if (response.status === 401 && !NO_REFRESH.test(path)) {
    if (await refreshSession(started)) response = await send(method, path, options);
    if (response.status === 401) sessionEnded.forEach((listener) => listener());
  }
  if (!response.ok && response.status !== 304) throw await toError(response);
  return response;
}

async function json<T>(method: string, path: string, options: RequestOptions): Promise<T> {
  const response = await request(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export const api = {
  get: <T>(path: string, signal?: AbortSignal) => json<T>('GET', path, { signal }),
  post: <T>(path: string, body?: unknown, signal?: AbortSignal) => json<T>('POST', path, { body, signal }),
  patch: <T>(path: string, body: unknown) => json<T>('PATCH', path, { body }),
  delete: <T = undefined>(path: string, body?: unknown) => json<T>('DELETE', path, { body }),
};
