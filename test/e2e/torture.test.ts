import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { COPY_LISTS, COPY_SCRIPT } from '../support/command-mirror.ts';
import { projectRoot } from '../support/project-root.ts';
import type { RsyncDaemon } from '../support/rsync-daemon.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import type { Sshd } from '../support/sshd.ts';
import { startSshd } from '../support/sshd.ts';
import type { TortureReport, TreeAround } from '../support/torture.ts';
import { torture } from '../support/torture.ts';

vi.setConfig({ testTimeout: 240_000, maxConcurrency: 2 });

/**
 * More seeds: SYNCLINE_SEEDS=200 npm run test:e2e -- torture. One again: SYNCLINE_SEEDS=1 SYNCLINE_FIRST_SEED=17
 * (SYNCLINE_KEEP=1 keeps the trees). One way to the target alone: add -t rsyncssh.
 */
const seedCount = process.env.SYNCLINE_SEEDS === undefined ? undefined : Number(process.env.SYNCLINE_SEEDS);
const firstSeed = Number(process.env.SYNCLINE_FIRST_SEED ?? 1);
const program = `${projectRoot}/dist/cli.js`;

function seeds(defaultCount: number): readonly number[] {
  return Array.from({ length: seedCount ?? defaultCount }, (_, index) => firstSeed + index);
}

/** Each third seed asks for a longer window, so that more of the activity meets within one batch. */
function delay(seed: number): readonly string[] {
  return ['--delay', seed % 3 === 0 ? '0.7' : '0.2'];
}

/** Runs one seed against `syncline mirror` with these arguments, and checks all it promises. */
async function check(
  seed: number,
  mirrorArguments: (source: string, target: string, around: TreeAround) => readonly string[],
  { mirrorsAround = false, deadlineMs = 90_000 } = {},
): Promise<void> {
  const report = await torture({
    seed,
    deadlineMs,
    mirrorsAround,
    mirror: (source, target, around) => [
      process.execPath,
      program,
      'mirror',
      ...delay(seed),
      '--allow-empty-source',
      ...mirrorArguments(source, target, around),
    ],
    keep: process.env.SYNCLINE_KEEP === '1',
  });
  expect(report.differences, told(report)).toEqual([]);
  expect(report.harm, told(report)).toEqual([]);
  expect(report.endedEarly, told(report)).toBe(false);
  expect(report.exit, told(report)).toEqual({ code: 143, signal: null });
  expect(report.survivors, told(report)).toEqual([]);
}

/** Each fourth seed has files that go beside the batches. */
function largeFiles(seed: number): readonly string[] {
  return seed % 4 === 0 ? ['--batch-size-limit', '1K'] : [];
}

function told(report: TortureReport): string {
  const where = process.env.SYNCLINE_KEEP === '1' ? ` in ${report.directory}` : '';
  return `seed ${report.seed}${where}; the last the mirror said:\n${report.output.slice(-3000)}`;
}

describe('a live mirror under random activity', () => {
  test('has its program built', () => {
    expect(existsSync(program), `${program}: missing, run npm run build`).toBe(true);
  });

  test.concurrent.each(seeds(12))('ends equal to its source, seed %i', async (seed) => {
    await check(seed, (source, target) => [...largeFiles(seed), source, target]);
  });

  test.concurrent.each(seeds(4))(
    'shares the watch of a mirror around it, and both end equal, seed %i',
    async (seed) => {
      const further = ['--and', ...delay(seed + 1), '--allow-empty-source'];
      await check(seed, (source, target, { tree, copy }) => [source, target, ...further, tree, copy], {
        mirrorsAround: true,
      });
    },
  );

  describe('over direct', () => {
    test.concurrent.each(seeds(2))('ends equal to its source, seed %i', async (seed) => {
      await check(seed, (source, target) => ['--direct', source, target]);
    });
  });

  describe('over rsyncssh', () => {
    let sshd: Sshd;
    beforeAll(async () => {
      sshd = await startSshd();
    });
    afterAll(() => sshd[Symbol.asyncDispose]());

    test.concurrent.each(seeds(4))('ends equal to its source, seed %i', async (seed) => {
      await check(seed, (source, target) => [
        ...largeFiles(seed),
        ...sshd.mirrorOptions,
        source,
        sshd.host,
        target,
      ]);
    });
  });

  describe.runIf(process.getuid?.() === 0)('to an rsync daemon', () => {
    const parent = realpathSync(tmpdir());
    let daemon: RsyncDaemon;
    beforeAll(async () => {
      // Without it a daemon makes absolute symlinks relative.
      daemon = await startRsyncDaemon(parent, ['use chroot = yes']);
    });
    afterAll(() => daemon[Symbol.asyncDispose]());

    test.concurrent.each(seeds(3))('ends equal to its source, seed %i', async (seed) => {
      await check(seed, (source, target) => [
        ...largeFiles(seed),
        source,
        daemon.url(path.relative(parent, realpathSync(target))),
      ]);
    });
  });

  describe('by commands', () => {
    const ways = [
      ['--max-processes', '3', '--shell', '--on-event', COPY_SCRIPT],
      ['--events', 'create,modify,attrib,delete,move', '--shell', '--on-event', COPY_SCRIPT],
      COPY_LISTS,
    ];

    test.concurrent.each(seeds(3))('ends equal to its source, seed %i', async (seed) => {
      const options = ways[seed % ways.length] ?? [];
      // Some processes for each name: a busy machine needs minutes where rsync needs seconds.
      await check(seed, (source, target) => [...options, source, target], { deadlineMs: 150_000 });
    });
  });
});
