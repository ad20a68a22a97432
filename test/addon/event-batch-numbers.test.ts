import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  COVERAGE_REASON,
  COVERAGE_STATE,
  DIRECTORY_WORDS,
  EVENT_BATCH_MAGIC,
  EVENT_BATCH_VERSION,
  HEADER_WORDS,
  HINT,
  RESCAN_REASON,
  ROOT_STATE,
  SLOT,
  SLOT_WORDS,
} from '../../src/model/event-batch.ts';

const header = readFileSync(new URL('../../native/watch/event_batch.h', import.meta.url), 'utf8');

function enumOf(name: string): Record<string, number> {
  const body = new RegExp(`enum (?:class )?${name} : uint8_t \\{([^}]*)\\}`).exec(header)?.[1] ?? '';
  return Object.fromEntries(
    [...body.matchAll(/k(\w+) = (\d+)/g)].map(([, key = '', value]) => [
      key.charAt(0).toLowerCase() + key.slice(1),
      Number(value),
    ]),
  );
}

function constantOf(name: string): number {
  return Number(new RegExp(`k${name} = (\\w+);`).exec(header)?.[1]);
}

test.each([
  ['SlotKind', SLOT],
  ['Hint', HINT],
  ['RescanReason', RESCAN_REASON],
  ['CoverageState', COVERAGE_STATE],
  ['CoverageReason', COVERAGE_REASON],
  ['RootState', ROOT_STATE],
])('%s has the same names and numbers in C++ and in TypeScript', (name, table) => {
  expect(enumOf(name)).toEqual(table);
});

test.each([
  ['EventBatchMagic', EVENT_BATCH_MAGIC],
  ['EventBatchVersion', EVENT_BATCH_VERSION],
  ['HeaderWords', HEADER_WORDS],
  ['DirectoryWords', DIRECTORY_WORDS],
  ['SlotWords', SLOT_WORDS],
])('%s is the same in C++ and in TypeScript', (name, value) => {
  expect(constantOf(name)).toBe(value);
});
