import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { delivered, makeRsyncMirror } from '../support/rsync-mirror.ts';
import type { MirrorOptions } from '../support/rsync-mirror.ts';
import { describeTree, shell } from '../support/tree.ts';
import { MIRROR_CASES } from './rsync-cases.ts';
import type { MirrorCase } from './rsync-cases.ts';
import { brokenReceiver } from '../support/broken-rsync.ts';

async function checkCase(mirrorCase: MirrorCase, options: MirrorOptions = {}): Promise<void> {
  await using mirror = makeRsyncMirror(options);
  // A time that only a clock of nanoseconds can have lets the first compare be exact.
  shell(mirror.directory.path, 'mkdir copy; touch -d @1000000000.123456789 copy');
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

describe('a local target follows', () => {
  test.each(MIRROR_CASES)('$name', (mirrorCase) => checkCase(mirrorCase));
});

describe('a receiver that cannot take missing names in a list follows', () => {
  test.each(MIRROR_CASES)('$name', (mirrorCase) => checkCase(mirrorCase, { rsyncProgram: brokenReceiver() }));
});
