import { expect, test } from 'vitest';
import { actionPlace, loadedAction } from '../../src/daemon/action-place.ts';
import type { TargetPlace } from '../../src/daemon/mirror-options.ts';
import type { SyncInlet } from '../../src/model/user-action.ts';
import { CallMarks } from '../../src/target/action/call-marks.ts';

const module = { path: '/c.ts', compiled: new Map<string, string>() };

function placeOf(
  target: object,
  code: { module?: typeof module } = { module },
): TargetPlace & { kind: 'action' } {
  const place = actionPlace(
    { kind: 'action', ...target },
    ['syncs', 1, 'targets', 0],
    {},
    {
      program: 'text',
      ...code,
    },
  );
  if (place.kind !== 'action') throw new Error('no action');
  return place;
}

function loaded(planned: object, found: object, marks = new CallMarks(CallMarks.memory())) {
  const place = placeOf(planned);
  if (place.module === undefined) throw new Error('no module');
  const config = { syncs: [{}, { targets: [{ kind: 'action', delay: 3, ...found }] }] };
  return loadedAction(config, place.module, place.definition, marks);
}

test('functions of a module are to be taken from it by their place; commands and Lua are not', () => {
  expect(placeOf({ onCreate: () => 1 }).module).toEqual({
    ...module,
    target: ['syncs', 1, 'targets', 0],
    program: 'text',
  });
  expect(placeOf({ onCreate: 'true' }).module).toBeUndefined();
  expect(placeOf({ onCreate: () => 1 }, {}).module).toBeUndefined();
});

test('the same functions are found again, and noted by the place of their key while they run', () => {
  const memory = CallMarks.memory();
  const seen: number[] = [];
  const keys = {
    start: () => seen.push(CallMarks.underWay(memory)),
    action: () => seen.push(CallMarks.underWay(memory)),
  };
  const action = loaded(keys, keys, new CallMarks(memory));
  void action.start?.({} as SyncInlet);
  void action.action({} as SyncInlet);
  expect(seen).toEqual([8, 9]);
});

test.each([
  ['other functions', { onCreate: () => 2 }],
  ['functions of other keys', { onDelete: () => 1 }],
  ['commands', { onCreate: 'true' }],
])('%s are refused', (_what, found) => {
  expect(() => loaded({ onCreate: () => 1 }, found)).toThrow('/c.ts does not give the same functions again');
});

test('a configuration that has no such place is refused', () => {
  const { module: wanted, definition } = placeOf({ onCreate: () => 1 });
  if (wanted === undefined) throw new Error('no module');
  for (const config of [undefined, {}, { syncs: [] }])
    expect(() => loadedAction(config, wanted, definition, new CallMarks(CallMarks.memory()))).toThrow(
      'does not give the same functions again',
    );
});
