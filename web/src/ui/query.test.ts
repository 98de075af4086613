import { QueryObserver } from '@tanstack/react-query';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '@/lib/api';
import { dismissToast, listToasts } from '@/lib/toasts';
import { optimistic, queryClient } from './query';

const KEY = ['things'];

afterEach(() => {
  queryClient.clear();
  listToasts().forEach(({ id }) => dismissToast(id));
});

describe('an optimistic change', () => {
  it('shows before the server has answered', async () => {
    queryClient.setQueryData(KEY, ['a']);
    let answer: (value: string) => void = () => undefined;
    const done = optimistic<string[], string>(KEY, (list) => [...list, 'b'], () => new Promise((resolve) => (answer = resolve)), 'x');
    await vi.waitFor(() => expect(queryClient.getQueryData(KEY)).toEqual(['a', 'b']), 20_000);
    answer('fine');
    await expect(done).resolves.toBe('fine');
    expect(queryClient.getQueryData(KEY)).toEqual(['a', 'b']);
  });

  it('is taken back with the reason when the server refuses', async () => {
    queryClient.setQueryData(KEY, ['a']);
    const refusal = new ApiError(409, 'path_taken', 'Taken.');
    await expect(optimistic<string[], never>(KEY, () => [], () => Promise.reject(refusal), 'It stays.')).resolves.toBeUndefined();
    expect(queryClient.getQueryData(KEY)).toEqual(['a']);
    expect(listToasts().map(({ text, kind }) => [text, kind])).toEqual([['It stays. There is already a document with this name.', 'error']]);
  });
});

describe('two changes at once', () => {
  it('are not overtaken by what the server knew after the first', async () => {
    queryClient.setQueryData(KEY, ['a']);
    const invalidate = vi.spyOn(queryClient, 'invalidateQueries');
    let answer: (value: string) => void = () => undefined;
    const slow = optimistic<string[], string>(KEY, (list) => [...list, 'b'], () => new Promise((resolve) => (answer = resolve)), 'x');
    await optimistic<string[], string>(KEY, (list) => [...list, 'c'], () => Promise.resolve('quick'), 'x');
    expect(invalidate).not.toHaveBeenCalled();
    answer('slow');
    await slow;
    expect(invalidate).toHaveBeenCalledTimes(1);
    expect(queryClient.getQueryData(KEY)).toEqual(['a', 'b', 'c']);
  });
});

describe('a list that answers 404', () => {
  it('leaves the cache', async () => {
    queryClient.setQueryData(KEY, ['a']);
    await expect(queryClient.query({ queryKey: KEY, staleTime: 0, queryFn: () => Promise.reject(new ApiError(404, 'not_found', 'Gone.')) })).rejects.toThrow('Gone.');
    expect(queryClient.getQueryData(KEY)).toBeUndefined();
  });

  it('is not asked for again and again by the screen that shows it', async () => {
    queryClient.setQueryData(KEY, ['a']);
    const queryFn = vi.fn(() => Promise.reject(new ApiError(404, 'not_found', 'Gone.')));
    const options = { queryKey: KEY, staleTime: 0, queryFn };
    const observer = new QueryObserver(queryClient, options);
    // React gives the options anew with every render.
    const end = observer.subscribe(() => observer.setOptions({ ...options }));
    await vi.waitFor(() => expect(observer.getCurrentResult().isError).toBe(true), 20_000);
    observer.setOptions({ ...options });
    await Promise.resolve();
    expect(observer.getCurrentResult()).toMatchObject({ isError: true, data: undefined });
    expect(queryFn).toHaveBeenCalledTimes(1);
    end();
  });
});
