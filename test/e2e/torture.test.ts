import { existsSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { projectRoot } from '../support/project-root.ts';
import type { TortureReport } from '../support/torture.ts';
import { torture } from '../support/torture.ts';

vi.setConfig({ testTimeout: 240_000, maxConcurrency: 2 });

/** More seeds: SYNCLINE_SEEDS=200 npm run test:e2e -- torture. One again: SYNCLINE_SEEDS=1 SYNCLINE_FIRST_SEED=17 (SYNCLINE_KEEP=1 keeps the trees). */
const seedCount = Number(process.env.SYNCLINE_SEEDS ?? 12);
const firstSeed = Number(process.env.SYNCLINE_FIRST_SEED ?? 1);
const seeds = Array.from({ length: seedCount }, (_, index) => firstSeed + index);
const program = `${projectRoot}/dist/cli.js`;

/** Seeds for the target that copies by itself; SYNCLINE_SEEDS counts for it too. */
const directSeeds = process.env.SYNCLINE_SEEDS === undefined ? seeds.slice(0, 6) : seeds;

/** Each third seed asks for a longer window, so that more of the activity meets within one batch. */
function mirror(
  seed: number,
  options: readonly string[],
): (source: string, target: string) => readonly string[] {
  const delay = seed % 3 === 0 ? '0.7' : '0.2';
  return (source, target) => [
    process.execPath,
    ...[program, 'mirror', ...options, source, target, '--delay', delay],
  ];
}

function told(report: TortureReport): string {
  const where = process.env.SYNCLINE_KEEP === '1' ? ` in ${report.directory}` : '';
  return `seed ${report.seed}${where}; the last the mirror said:\n${report.output.slice(-3000)}`;
}

async function expectKept(seed: number, options: readonly string[]): Promise<void> {
  const keep = process.env.SYNCLINE_KEEP === '1';
  const report = await torture({ seed, mirror: mirror(seed, options), keep });
  expect(report.differences, told(report)).toEqual([]);
  expect(report.harm, told(report)).toEqual([]);
  expect(report.endedEarly, told(report)).toBe(false);
  expect(report.exit, told(report)).toEqual({ code: 143, signal: null });
  expect(report.survivors, told(report)).toEqual([]);
}

describe('a live mirror under random activity', () => {
  test('has its program built', () => {
    expect(existsSync(program), `${program}: missing, run npm run build`).toBe(true);
  });

  test.concurrent.each(seeds)('ends equal to its source, seed %i', (seed) => expectKept(seed, []));

  test.concurrent.each(directSeeds)('ends equal to its source without rsync, seed %i', (seed) =>
    expectKept(seed, ['--direct']),
  );
});
