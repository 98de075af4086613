import { describe, expect, it } from 'vitest';
import { ApiError } from './api';
import { elsewhere, hostOf, openableAddress } from './elsewhere';
import { describeError } from './problem';

const moved = (address: unknown): ApiError => new ApiError(421, 'other_cell', 'It moved.', [], undefined, { address });

describe('what lives in another cell', () => {
  it('is found at the address that the server names', () => {
    expect(elsewhere(moved('https://us.example.org/'))).toBe('https://us.example.org');
    expect(elsewhere(moved('http://10.0.0.7:8000/docs'))).toBe('http://10.0.0.7:8000/docs');
    expect(hostOf('https://us.example.org')).toBe('us.example.org');
    expect(describeError(moved('https://us.example.org'))).toContain('us.example.org');
  });

  it('never leads to what is no address of a page', () => {
    for (const address of ['javascript:alert(1)', 'data:text/html,x', 'us', '', 7, undefined]) {
      expect(openableAddress(address)).toBeNull();
      expect(elsewhere(moved(address))).toBe('');
    }
    expect(describeError(moved('javascript:alert(1)'))).not.toContain('javascript');
  });

  it('is not any other refusal', () => {
    expect(elsewhere(new ApiError(404, 'not_found', 'Not found.'))).toBeNull();
    expect(elsewhere(new Error('421'))).toBeNull();
  });
});
