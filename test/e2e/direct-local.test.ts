import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeDirectMirror } from '../support/direct-mirror.ts';
import { delivered } from '../support/rsync-mirror.ts';
import { describeTree, shell } from '../support/tree.ts';
import { MIRROR_CASES } from './rsync-cases.ts';
import type { MirrorCase } from './rsync-cases.ts';

/** The same cases as for rsync: the two targets are to be told apart by speed alone. */
async function checkCase(mirrorCase: MirrorCase, threads: number): Promise<void> {
  await using mirror = makeDirectMirror({ threads });
  await mirror.prepare();
  shell(mirror.source, mirrorCase.before ?? 'true');
  expect(delivered(await mirror.compareAll())).toEqual({ problems: [], recheck: [] });
  expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  shell(mirror.copy, mirrorCase.drift ?? 'true');
  const outside = existsSync(mirror.directory.at('outside')) && describeTree(mirror.directory.at('outside'));
  shell(mirror.source, mirrorCase.change);
  expect(delivered(await mirror.deliver(mirrorCase))).toEqual({ problems: [], recheck: [] });
  const copy = describeTree(mirror.copy);
  const kept = Object.fromEntries((mirrorCase.keeps ?? []).map((path) => [path, copy[path]]));
  expect(copy).toEqual({ ...describeTree(mirror.source), ...kept });
  expect(Object.values(kept)).not.toContain(undefined);
  if (outside) expect(describeTree(mirror.directory.at('outside'))).toEqual(outside);
}

describe.each([1, 3])('a direct target with %i threads follows', (threads) => {
  test.each(MIRROR_CASES)('$name', (mirrorCase) => checkCase(mirrorCase, threads));
});
