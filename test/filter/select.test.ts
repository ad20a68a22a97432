import { describe, expect, test } from 'vitest';

import { parseRules } from '../../src/filter/parse-rules.ts';
import { EventBatch, encodeEventBatch, HINT, type WatchEvent } from '../../src/model/event-batch.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { addon } from './built-addon.ts';

const SEQUENCE = 42;

function changed(path: string, hints: number): WatchEvent {
  const { directory, name } = split(path);
  return { kind: 'changed', directory, name, hints };
}

function moved(from: string, to: string, isDirectory = false): WatchEvent {
  const { directory: fromDirectory, name: fromName } = split(from);
  const { directory: toDirectory, name: toName } = split(to);
  return { kind: 'moved', fromDirectory, fromName, toDirectory, toName, isDirectory };
}

function rescan(directory: string, reason: 'overflow' | 'movedIn' | 'recovered'): WatchEvent {
  return { kind: 'rescan', directory: pathFromText(directory), reason };
}

function split(path: string) {
  const slash = path.lastIndexOf('/');
  return {
    directory: pathFromText(path.slice(0, Math.max(0, slash))),
    name: pathFromText(path.slice(slash + 1)),
  };
}

const ALWAYS: WatchEvent[] = [
  {
    kind: 'coverage',
    directory: pathFromText('out'),
    state: 'blind',
    reason: 'unreadable',
    errno: 13,
    watched: 3,
    missing: 1,
  },
  { kind: 'root', state: 'gone', errno: 2 },
  { kind: 'barrier', token: 7 },
];

/** `excludes` are patterns; `selected` is what remains of `events`. */
function checkSelection(excludes: readonly string[], events: WatchEvent[], selected: WatchEvent[]): void {
  const rules = parseRules(
    excludes.map((value) => ({ kind: 'exclude', value })),
    addon,
  );
  const filter = rules.compile(Buffer.from('/root'));
  const before = encodeEventBatch([...events, ...ALWAYS], SEQUENCE);
  const after = filter?.select(before.buffer) ?? before.buffer;
  const batch = new EventBatch(after);
  expect([...batch.events()]).toEqual([...selected, ...ALWAYS]);
  expect(batch.sequence).toBe(SEQUENCE);
}

describe('select', () => {
  test('gives back the same buffer when nothing is excluded', () => {
    const filter = new addon.Filter([
      { include: false, pattern: 'nowhere', anchored: false, directoryOnly: false, negated: false },
    ]);
    const { buffer } = encodeEventBatch([changed('a/b', HINT.created), moved('a/b', 'c')]);
    expect(filter.select(buffer)).toBe(buffer);
  });

  test('drops changes and rescans of and below what is excluded, in order', () => {
    const events = [
      changed('a/x', HINT.created),
      changed('a/out', HINT.modified),
      changed('out/b/c', HINT.modified),
      rescan('out/d', 'overflow'),
      rescan('out', 'overflow'),
      rescan('', 'overflow'),
      changed('b', HINT.deleted),
    ];
    checkSelection(['out'], events, [
      changed('a/x', HINT.created),
      rescan('', 'overflow'),
      changed('b', HINT.deleted),
    ]);
  });

  test('asks about a directory as a directory', () => {
    const events = [
      changed('tmp', HINT.created),
      changed('a/tmp', HINT.created | HINT.isDirectory),
      changed('a/tmp/b', HINT.created),
    ];
    checkSelection(['tmp/'], events, [changed('tmp', HINT.created)]);
  });

  test('may leave nothing at all', () => {
    const filter = new addon.Filter([
      { include: false, pattern: '*', anchored: false, directoryOnly: false, negated: false },
    ]);
    const selected = new EventBatch(filter.select(encodeEventBatch([changed('a', HINT.created)]).buffer));
    expect(selected.slotCount).toBe(0);
  });

  test('turns a move out of sight into the end of the old name', () => {
    checkSelection(['*.bak'], [moved('a/x', 'b/x.bak')], [changed('a/x', HINT.deleted)]);
    checkSelection(['out'], [moved('a', 'out', true)], [changed('a', HINT.deleted | HINT.isDirectory)]);
  });

  test('turns a move into sight into a change, and a rescan of a directory', () => {
    checkSelection(['*.part'], [moved('x.part', 'd/x')], [changed('d/x', HINT.modified | HINT.closed)]);
    checkSelection(
      ['out'],
      [moved('out/a', 'd/a', true)],
      [changed('d/a', HINT.modified | HINT.closed | HINT.isDirectory), rescan('d/a', 'movedIn')],
    );
  });

  test('drops a move that is out of sight at both ends and keeps one that is not', () => {
    checkSelection(['out'], [moved('out/a', 'out/b'), moved('a', 'b', true)], [moved('a', 'b', true)]);
  });

  test('asks to look again at a moved directory when a rule knows places, not only names', () => {
    checkSelection(
      ['/a/tmp'],
      [moved('a', 'b', true), moved('f', 'g')],
      [moved('a', 'b', true), rescan('b', 'movedIn'), moved('f', 'g')],
    );
  });

  test('lets the place be compared where an excluded directory took the place of a kept file', () => {
    checkSelection(
      ['tmp/'],
      [changed('a/tmp', HINT.modified | HINT.isDirectory)],
      [rescan('a', 'recovered')],
    );
    checkSelection(['tmp'], [changed('a/tmp', HINT.modified | HINT.isDirectory)], []);
    checkSelection(
      ['tmp/'],
      [changed('out', HINT.modified | HINT.isDirectory)],
      [changed('out', HINT.modified | HINT.isDirectory)],
    );
  });

  test('refuses what is no event batch', () => {
    const filter = new addon.Filter([]);
    expect(() => filter.select(Buffer.from('nonsense'))).toThrow(RangeError);
    // @ts-expect-error -- JavaScript may pass anything
    expect(() => filter.select('text')).toThrow(TypeError);
    // @ts-expect-error -- JavaScript may pass anything
    expect(() => new addon.Filter([1])).toThrow(TypeError);
  });
});
