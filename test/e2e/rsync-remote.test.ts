import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { brokenReceiver } from '../support/broken-rsync.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { delivered } from '../support/driven-target.ts';
import { makeRsyncMirror } from '../support/rsync-mirror.ts';
import type { MirrorOptions } from '../support/rsync-mirror.ts';
import { startSshd } from '../support/sshd.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { describeTree, shell } from '../support/tree.ts';
import { MIRROR_CASES } from '../support/mirror-cases.ts';

/** All cases at once, each in a directory of its own, in one batch: then the way to the target costs once. */
async function checkAllCases(options: MirrorOptions): Promise<void> {
  await using mirror = makeRsyncMirror(options);
  await mirror.prepare();
  const cases = MIRROR_CASES.map((mirrorCase, index) => ({ ...mirrorCase, place: `case-${index}` }));
  for (const { place, before } of cases)
    shell(mirror.source, `mkdir ${place}; cd ${place}; ${before ?? 'true'}`);
  // The second one has copies to see whether the target keeps nanoseconds, and makes the times of directories exact.
  for (let round = 0; round < 2; round++)
    expect(delivered(await mirror.compareAll())).toEqual({ problems: [], recheck: [] });
  expect(describeTree(mirror.copy)).toEqual(describeTree(mirror.source));
  for (const { place, drift = 'true' } of cases)
    shell(
      mirror.copy,
      `cd ${place}; ${drift.replaceAll('../outside', '../../outside').replace('../source/a', `../../source/${place}/a`)}`,
    );
  const outside = describeTree(mirror.directory.at('outside'));
  for (const { place, change } of cases) shell(`${mirror.source}/${place}`, change);
  const entries = cases.flatMap(({ place, entries = [] }) =>
    entries.map((entry): string | Buffer | readonly [Buffer, number] =>
      typeof entry === 'string' || Buffer.isBuffer(entry)
        ? Buffer.concat([Buffer.from(`${place}/`), Buffer.from(entry)])
        : [Buffer.concat([Buffer.from(`${place}/`), Buffer.from(entry[0])]), entry[1]],
    ),
  );
  const subtrees = cases.flatMap(({ place, subtrees = [] }) => subtrees.map((path) => `${place}/${path}`));
  const contentSubtrees = cases.flatMap(({ place, contentSubtrees = [] }) =>
    contentSubtrees.map((path) => `${place}/${path}`),
  );
  expect(delivered(await mirror.deliver({ entries, subtrees, contentSubtrees }))).toEqual({
    problems: [],
    recheck: [],
  });
  const copy = describeTree(mirror.copy);
  const keeps = cases.flatMap(({ place, keeps = [] }) => keeps.map((path) => `${place}/${path}`));
  expect(copy).toEqual({
    ...describeTree(mirror.source),
    ...Object.fromEntries(keeps.map((path) => [path, copy[path]])),
  });
  expect(describeTree(mirror.directory.at('outside'))).toEqual(outside);
}

test('a daemon follows every change', async () => {
  const directory = makeTempDir();
  mkdirSync(directory.at('copy'));
  await using daemon = await startRsyncDaemon(directory.at('copy'));
  await checkAllCases({ directory, targetFor: () => daemon.url() });
});

test('a directory below a module that is not there yet follows every change', async () => {
  const directory = makeTempDir();
  await using daemon = await startRsyncDaemon(directory.path);
  await checkAllCases({ directory, targetFor: () => daemon.url('copy') });
});

test('a host reached by ssh follows every change', async () => {
  await using sshd = await startSshd();
  await checkAllCases({
    targetFor: (copy) => `${sshd.host}:${copy}`,
    extraArguments: ['-e', sshd.remoteShell],
  });
});

test('a host whose rsync cannot take missing names in a list follows every change', async () => {
  await using sshd = await startSshd();
  await checkAllCases({
    targetFor: (copy) => `${sshd.host}:${copy}`,
    extraArguments: ['-e', sshd.remoteShell, `--rsync-path=${brokenReceiver()}`],
  });
});
