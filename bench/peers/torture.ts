/**
 * Does the torture test's activity find the faults it is meant to find, and only those? Runs a mirror on the seeds of
 * test/e2e/torture.test.ts and counts the failures: `lsyncd` (default), `syncline`, or `loop`, an endless `rsync -ac --delete` that must
 * never fail. `--tame-names` leaves the hostile names out, `--keep` keeps the trees. SYNCLINE_SEEDS and SYNCLINE_FIRST_SEED as there.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { projectRoot } from '../../test/support/project-root.ts';
import { passed, torture } from '../../test/support/torture.ts';

const seeds = Number(process.env.SYNCLINE_SEEDS ?? 12);
const firstSeed = Number(process.env.SYNCLINE_FIRST_SEED ?? 1);
const hostileShare = process.argv.includes('--tame-names') ? 0 : 0.4;
const keep = process.argv.includes('--keep');
const configs = mkdtempSync(`${tmpdir()}/lsyncd-config-`);

function lsyncd(source: string, target: string): string[] {
  const config = `${configs}/${source.replaceAll('/', '_')}.lua`;
  const sync = `source="${source}", target="${target}", delay=0.2, rsync={archive=true}`;
  writeFileSync(config, `settings{nodaemon=true}\nsync{default.rsync, ${sync}}\n`);
  return ['lsyncd', config];
}

function syncline(source: string, target: string): string[] {
  return ['node', `${projectRoot}/dist/cli.js`, 'mirror', source, target, '--delay', '0.2'];
}

/** Slow, but right: it compares all content, again and again. */
function loop(source: string, target: string): string[] {
  const script = 'trap "exit 143" TERM; while :; do rsync -ac --delete -- "$0/" "$1/" 2>&1; sleep 0.2; done';
  return ['sh', '-c', script, source, target];
}

const mirrors = { lsyncd, syncline, loop };
const chosen = process.argv.slice(2).find((word) => word in mirrors) as keyof typeof mirrors | undefined;
const name = chosen ?? 'lsyncd';
let failed = 0;
for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
  const report = await torture({ seed, mirror: mirrors[name], hostileShare, deadlineMs: 15_000, keep });
  const good = passed(report);
  if (!good) failed++;
  console.log(
    `seed ${seed}: ${good ? 'equal' : 'FAILED'} after ${Math.round(report.settledMs)} ms, exit ${report.exit.code ?? report.exit.signal ?? '?'}`,
    ...report.differences.slice(0, 5).map((line) => `\n    ${line}`),
    ...report.harm.map((line) => `\n    outside the target: ${line}`),
    report.survivors.length > 0 ? `\n    survivors ${report.survivors.join(' ')}` : '',
  );
}
console.log(`${name}: ${failed} of ${seeds} seeds failed`);
rmSync(configs, { recursive: true });
