import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadAddon } from '../../src/addon/load-addon.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { createDirectTarget } from '../../src/target/direct/direct-target.ts';
import { KnownTarget } from '../../src/target/known-target.ts';
import { createRsyncTarget } from '../../src/target/rsync/rsync-target.ts';
import { ARCHIVE_ATTRIBUTES } from '../../src/target/rsync/rsync-arguments.ts';
import type { Target } from '../../src/target/target.ts';
import { compareTrees } from '../support/compare-trees.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';

const context = { signal: new AbortController().signal, report: () => undefined };
const nothing = { number: 1, reason: 'live', moves: [], subtrees: [], contentSubtrees: [] } as const;
const batch = (...names: string[]) => ({
  ...nothing,
  entries: names.map((name) => ({ path: pathFromText(name), hints: 0 })),
});

const kinds: readonly [string, (directory: TempDir, known: KnownTarget) => Target][] = [
  [
    'rsync',
    (directory, known) =>
      createRsyncTarget({
        source: pathFromText(directory.at('source')),
        target: directory.at('copy'),
        environment: process.env,
        known,
      }),
  ],
  [
    'direct',
    (directory, known) =>
      createDirectTarget({
        source: pathFromText(directory.at('source')),
        target: directory.at('copy'),
        addon: loadAddon(),
        attributes: { ...ARCHIVE_ATTRIBUTES, hardLinks: false, acls: false, xattrs: false },
        known,
      }),
  ],
];

test.each(kinds)(
  'a %s target made anew compares all where its root was made anew meanwhile',
  async (_kind, make) => {
    using directory = makeTempDir();
    mkdirSync(directory.at('source'));
    for (const name of ['a', 'b']) writeFileSync(directory.at('source', name), name);
    const known = new KnownTarget();
    const first = make(directory, known);
    await first.prepare(context);
    expect(await first.deliver(batch('a', 'b'), context)).toMatchObject({ kind: 'delivered' });
    await first.close();
    renameSync(directory.at('copy'), directory.at('old'));
    mkdirSync(directory.at('copy'));
    rmSync(directory.at('old'), { recursive: true });
    const second = make(directory, known);
    await second.prepare(context);
    expect(await second.deliver(batch('a'), context)).toMatchObject({ kind: 'delivered' });
    await second.close();
    expect(compareTrees(pathFromText(directory.at('source')), pathFromText(directory.at('copy')))).toEqual(
      [],
    );
  },
);
