import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ApiError, OfflineError, onSessionEnd } from './api';
import { isReachable } from './online';

type Handler = (path: string, init: RequestInit) => Response | Promise<Response>;

const json = (status: number, body: unknown): Response => Response.json(body, { status });
const calls: { method: string; path: string; headers: Headers }[] = [];

function serve(handler: Handler): void {
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    calls.push({ method: init.method ?? '', path, headers: init.headers as Headers });
    return Promise.resolve(handler(path, init));
  });
}

const count = (path: string): number => calls.filter((call) => call.path === path).length;

beforeEach(() => {
  calls.length = 0;
  localStorage.clear();
  document.cookie = 'mdreader_csrf=token%201; path=/';
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('requests', () => {
  it('carry the CSRF token when they change something, and only then', async () => {
    serve(() => json(200, {}));
    await api.get('/api/me');
    await api.post('/api/keys', {});
    expect(calls.map(({ headers }) => headers.get('X-CSRF-Token'))).toEqual([null, 'token 1']);
  });

  it('turn a problem into a typed error', async () => {
    serve(() => json(409, { code: 'path_taken', detail: 'Taken.', errors: [{ loc: ['body', 'path'], message: 'x' }] }));
    const error = await api.post('/api/x').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, code: 'path_taken', message: 'Taken.', errors: [{ loc: ['body', 'path'], message: 'x' }] });
  });

  it('have a code even when the answer is no problem document', async () => {
    serve(() => new Response('Bad gateway', { status: 502 }));
    await expect(api.get('/api/x')).rejects.toMatchObject({ status: 502, code: 'http_502' });
  });

  it('know when nobody answers, and when somebody does again', async () => {
    serve(() => {
      throw new TypeError('network');
    });
    await expect(api.get('/api/x')).rejects.toBeInstanceOf(OfflineError);
    expect(isReachable()).toBe(false);
    serve(() => json(200, {}));
    await api.get('/api/x');
    expect(isReachable()).toBe(true);
  });
});

describe('a session that ran out', () => {
  it('is renewed once for many requests, all of which then succeed', async () => {
    let fresh = false;
    serve(async (path) => {
      if (path === '/api/auth/refresh') {
        await new Promise((resolve) => setTimeout(resolve, 20));
        fresh = true;
        return json(200, {});
      }
      return fresh ? json(200, { path }) : json(401, { code: 'unauthenticated' });
    });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => api.get<{ path: string }>(`/api/${index}`)));
    expect(answers.map(({ path }) => path)).toEqual(Array.from({ length: 8 }, (_, index) => `/api/${index}`));
    expect(count('/api/auth/refresh')).toBe(1);
  });

  it('is not renewed again when another tab just did: an old token a second time would end it', async () => {
    let tries = 0;
    serve(() => {
      tries += 1;
      if (tries > 1) return json(200, {});
      localStorage.setItem('mdreader.refreshed-at', String(Date.now() + 5));
      return json(401, { code: 'unauthenticated' });
    });
    await api.get('/api/me');
    expect(count('/api/auth/refresh')).toBe(0);
    expect(tries).toBe(2);
  });

  it('is over when renewing is refused, and says so once', async () => {
    serve(() => json(401, { code: 'unauthenticated' }));
    const ended = vi.fn();
    const stop = onSessionEnd(ended);
    await expect(api.get('/api/me')).rejects.toMatchObject({ status: 401 });
    stop();
    expect(ended).toHaveBeenCalledTimes(1);
  });

  it('is not over while the server merely cannot be reached', async () => {
    serve((path) => {
      if (path === '/api/auth/refresh') throw new TypeError('network');
      return json(401, { code: 'unauthenticated' });
    });
    const ended = vi.fn();
    const stop = onSessionEnd(ended);
    await expect(api.get('/api/me')).rejects.toBeInstanceOf(OfflineError);
    stop();
    expect(ended).not.toHaveBeenCalled();
  });

  it('plays no part in a wrong password', async () => {
    serve(() => json(401, { code: 'invalid_credentials' }));
    await expect(api.post('/api/auth/login?session=cookie', {})).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(count('/api/auth/refresh')).toBe(0);
  });
});
