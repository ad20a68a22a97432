import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { expect } from 'vitest';
import type { MirrorCase } from './mirror-cases.ts';
import type { DrivenTarget } from './driven-target.ts';
import { delivered } from './driven-target.ts';
import { describeTree, shell } from './tree.ts';

/** Plays one case on a prepared target, whatever its kind: all are to be told apart by speed alone. */
export async function checkCase(mirror: DrivenTarget, mirrorCase: MirrorCase): Promise<void> {
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

/** A mirrored source with `d/f` in it is replaced: nothing is delivered until it is back. */
export async function checkReplacedSource(mirror: DrivenTarget): Promise<void> {
  const isHeld = { kind: 'failed', scope: 'source' };
  delivered(await mirror.compareAll());
  const before = describeTree(mirror.copy);
  renameSync(mirror.source, `${mirror.source}.away`);
  for (const replacement of ['missing', 'empty']) {
    if (replacement === 'empty') mkdirSync(mirror.source);
    expect(await mirror.compareAll()).toMatchObject(isHeld);
    expect(await mirror.deliver({ entries: ['d', 'd/f'] })).toMatchObject(isHeld);
    expect(describeTree(mirror.copy)).toEqual(before);
  }
  shell(mirror.directory.path, 'rmdir source; mv source.away source; echo 2 > source/new');
  delivered(await mirror.deliver({ entries: ['new'] }));
  expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
}
