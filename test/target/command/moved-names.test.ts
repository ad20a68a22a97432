import { describe, expect, test } from 'vitest';
import type { Move } from '../../../src/model/batch.ts';
import { HINT } from '../../../src/model/event-batch.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { withoutMoved } from '../../../src/target/command/moved-names.ts';
import type { EventPlan } from '../../../src/target/command/plan-events.ts';

const LEFT = HINT.modified | HINT.deleted;

function move(from: string, to: string, isDirectory = false): Move {
  return { from: from as PathBytes, to: to as PathBytes, isDirectory };
}

/** What is told still: `hints` by path, a deletion where they have `deleted`; `walked` are directories that are walked. */
function told(
  moves: readonly Move[],
  hints: Readonly<Record<string, number>>,
  { due = [], walked = [] }: { readonly due?: readonly string[]; readonly walked?: readonly string[] } = {},
): readonly string[] {
  const entries = Object.entries(hints).map(([path, bits]) => ({ path: path as PathBytes, hints: bits }));
  const events = (isDeleted: boolean): EventPlan['deletes'] =>
    entries
      .filter((entry) => ((entry.hints & HINT.deleted) !== 0) === isDeleted)
      .map(({ path, hints: bits }) => ({
        kind: isDeleted ? 'delete' : 'modify',
        path,
        isDirectory: (bits & HINT.isDirectory) !== 0,
      }));
  const walks = walked.map((path) => ({ path: path as PathBytes, isNew: false }));
  const plan = { deletes: events(true), changes: events(false), walks, problems: [] };
  const left = withoutMoved(plan, entries, moves, (path) => due.includes(path));
  return [...left.deletes, ...left.changes].map(({ kind, path }) => `${kind} ${path}`);
}

describe('what a move has told is not told again', () => {
  test('neither of a file nor of a directory', () => {
    expect(told([move('a', 'b')], { a: LEFT, b: 0 })).toEqual([]);
    const d = HINT.isDirectory;
    expect(told([move('a', 'b', true)], { a: LEFT | d, b: d })).toEqual([]);
  });

  test('nor in a chain', () => {
    expect(told([move('a', 'b'), move('b', 'c')], { a: LEFT, b: LEFT, c: 0 })).toEqual([]);
  });

  test('but what was seen besides is', () => {
    expect(told([move('a', 'b')], { a: LEFT, b: HINT.modified })).toEqual(['modify b']);
    expect(told([move('a', 'b')], { a: LEFT, b: HINT.attrib })).toEqual(['modify b']);
    expect(told([move('a', 'b')], { a: HINT.modified, b: 0 })).toEqual(['modify a']);
    expect(told([move('a', 'b')], { c: LEFT, d: 0 })).toEqual(['delete c', 'modify d']);
  });

  test('and what is due for another reason, or of a directory that is walked', () => {
    expect(told([move('a', 'b')], { a: LEFT, b: 0 }, { due: ['a', 'b'] })).toEqual(['delete a', 'modify b']);
    expect(told([move('a', 'b', true)], { b: HINT.isDirectory }, { walked: ['b'] })).toEqual(['modify b']);
  });
});

describe('a deletion is told', () => {
  test('of a name to which a later move has brought something', () => {
    expect(told([move('a', 'b'), move('c', 'a')], { a: LEFT, b: 0, c: LEFT })).toEqual(['delete a']);
  });

  test('of a name below a directory that another one has replaced', () => {
    const moves = [move('d/p', 'q'), move('d', 'e', true), move('x', 'd', true)];
    expect(told(moves, { 'd/p': LEFT, q: 0 })).toEqual(['delete d/p']);
  });
});
