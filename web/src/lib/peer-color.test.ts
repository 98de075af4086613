import { expect, test } from 'vitest';
import { peerColor } from './peer-color';

const people = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => `01a20019-39e7-7ffd-b333-${from + index}`);

test('nobody has the colour of another while there is a free one, and everybody keeps theirs', () => {
  const first = people(0, 8).map(peerColor);
  expect(new Set(first).size).toBe(8);
  const second = people(8, 16).map(peerColor);
  expect(new Set(second).size).toBe(8);
  expect(people(0, 16).map(peerColor)).toEqual([...first, ...second]);
});
