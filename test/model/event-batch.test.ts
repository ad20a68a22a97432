import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../src/model/event-batch.ts';
import {
  COVERAGE_REASON,
  COVERAGE_STATE,
  EventBatch,
  HEADER_WORDS,
  RESCAN_REASON,
  ROOT_STATE,
  SLOT,
  encodeEventBatch,
  slotPath,
} from '../../src/model/event-batch.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';

const word = fc.nat(0xffff_ffff);
const keys = <K extends string>(table: Record<K, number>) => fc.constantFrom(...(Object.keys(table) as K[]));
const name = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .map((bytes) => Buffer.from(bytes).toString('latin1').replaceAll('/', '_') as PathBytes);
const directory = fc.array(name, { maxLength: 3 }).map((names) => names.join('/') as PathBytes);

const anyEvent: fc.Arbitrary<WatchEvent> = fc.oneof(
  fc.record({ kind: fc.constant('changed' as const), directory, name, hints: fc.nat(0x7f) }),
  fc.record({
    kind: fc.constant('moved' as const),
    fromDirectory: directory,
    fromName: name,
    toDirectory: directory,
    toName: name,
    isDirectory: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('rescan' as const), directory, reason: keys(RESCAN_REASON) }),
  fc.record({
    kind: fc.constant('coverage' as const),
    directory,
    state: keys(COVERAGE_STATE),
    reason: keys(COVERAGE_REASON),
    errno: fc.nat(200),
    watched: word,
    missing: word,
  }),
  fc.record({ kind: fc.constant('root' as const), state: keys(ROOT_STATE), errno: fc.nat(200) }),
  fc.record({ kind: fc.constant('barrier' as const), token: word }),
);

test('events come back from the flat buffer in order and unchanged, wherever the buffer lies', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 20 }), word, fc.nat(7), (events, sequence, shift) => {
      const { buffer } = encodeEventBatch(events, sequence);
      const shifted = Buffer.concat([Buffer.alloc(shift), buffer]).subarray(shift);
      const batch = new EventBatch(shifted);
      expect([...batch.events()]).toEqual(events);
      expect(batch.sequence).toBe(sequence);
    }),
  );
});

test('slots are read by index without objects', () => {
  const batch = encodeEventBatch([
    { kind: 'changed', directory: 'd' as PathBytes, name: 'f' as PathBytes, hints: 3 },
    { kind: 'changed', directory: 'd' as PathBytes, name: 'g' as PathBytes, hints: 4 },
    { kind: 'barrier', token: 7 },
  ]);
  expect([batch.slotCount, batch.directoryCount]).toEqual([3, 2]);
  expect([batch.kind(1), batch.hints(1), slotPath(batch, 1)]).toEqual([SLOT.changed, 4, 'd/g']);
  expect(batch.directoryIndex(0)).toBe(batch.directoryIndex(1));
  expect([batch.kind(2), batch.value(2)]).toEqual([SLOT.barrier, 7]);
});

describe('a malformed buffer is refused', () => {
  const { buffer } = encodeEventBatch([
    { kind: 'changed', directory: 'd' as PathBytes, name: 'f' as PathBytes, hints: 3 },
  ]);
  function check(change: (copy: Buffer) => Buffer, message: string): void {
    expect(() => [...new EventBatch(change(Buffer.from(buffer))).events()]).toThrow(message);
  }
  const withWord = (index: number, value: number) => (copy: Buffer) => {
    new Uint32Array(copy.buffer, copy.byteOffset, copy.byteLength >> 2)[index] = value;
    return copy;
  };
  test('too short', () => {
    check((copy) => copy.subarray(0, HEADER_WORDS * 4 - 1), 'shorter than its header');
  });
  test('of another magic', () => {
    check(withWord(0, 1), 'not of this version');
  });
  test('of another version', () => {
    check(withWord(1, 2), 'not of this version');
  });
  test('cut off', () => {
    check((copy) => copy.subarray(0, copy.length - 1), 'truncated');
  });
  test('with an unknown kind', () => {
    check(withWord(HEADER_WORDS + 2, 200), 'unknown kind 200');
  });
});
