import { expect, test } from 'vitest';
import { nearest } from '../../src/config/nearest.ts';

const keys = ['delay', 'maxDelay', 'maxDelete', 'exclude', 'excludeFrom', 'ssh', 'port'];

test.each<[string, string | undefined]>([
  ['exlude', 'exclude'],
  ['ecxlude', 'exclude'],
  ['exclude-from', 'excludeFrom'],
  ['MAX_DELAY', 'maxDelay'],
  ['maxDely', 'maxDelay'],
  ['dealy', 'delay'],
  ['prot', 'port'],
  ['ssl', 'ssh'],
  ['host', undefined],
  ['x', undefined],
  ['', undefined],
])('nearest to %s is %s', (word, meant) => {
  expect(nearest(word, keys)).toBe(meant);
});
