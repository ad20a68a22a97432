/**
 * How long does `lsyncd -nodaemon CONFIG` take from its exec until it works, ours beside Lsyncd's, with one sync and with 50?
 * Three questions: until the functions `onStartup` of all syncs were called (the start alone), until the first sync of
 * default.rsync has made all targets equal (each source holds one file), and until it ends because of a wrong key. CPU of
 * the program and of its children that have ended, by then, where that is above a tick of 10 ms. No bar.
 */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { compareTrees } from '../../test/support/compare-trees.ts';
import { projectRoot } from '../../test/support/project-root.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import { report, rounds } from '../support/report.ts';
import { median } from '../support/statistics.ts';
import { Subject } from '../support/subject.ts';
import { until } from '../support/until.ts';

const DEADLINE_MS = 60_000;
const PROGRAMS = {
  'our lsyncd': [process.execPath, `${projectRoot}/dist/lsyncd.js`],
  lsyncd: ['lsyncd'],
} as const;
type Program = keyof typeof PROGRAMS;

interface Cost {
  readonly wallMs: number;
  /** Undefined for one that has ended. */
  readonly cpuMs?: number;
}

const directory = benchDirectory();
const configFile = `${directory}/config.lua`;
const called = `${directory}/called`;

function start(program: Program): Subject {
  return new Subject([...PROGRAMS[program], '-nodaemon', configFile]);
}

function makeTrees(count: number): { readonly sources: string[]; readonly targets: string[] } {
  const make = (name: string): string[] => {
    const parent = makeDirectory(directory, name);
    return Array.from({ length: count }, (_, index) => makeDirectory(parent, String(index)));
  };
  const [sources, targets] = [make('sources'), make('targets')];
  for (const source of sources) writeFileSync(`${source}/file`, 'content');
  return { sources, targets };
}

function removeTrees(): void {
  for (const name of ['sources', 'targets', 'called'])
    rmSync(`${directory}/${name}`, { recursive: true, force: true });
}

/** From the start until the condition holds, which must be cheap to ask for. */
async function startedBy(
  program: Program,
  condition: () => boolean,
  check: () => void = () => undefined,
): Promise<Cost> {
  const startMs = performance.now();
  const subject = start(program);
  try {
    await until(condition, DEADLINE_MS, 1, () => `${program} had not begun`);
    const cost = { wallMs: performance.now() - startMs, cpuMs: subject.cpuSeconds() * 1000 };
    check();
    return cost;
  } finally {
    await subject.end();
  }
}

async function untilCalled(program: Program, count: number): Promise<Cost> {
  const { sources } = makeTrees(count);
  const syncs = sources.map((source) => `sync{ source = ${JSON.stringify(source)}, onStartup = begin }\n`);
  writeFileSync(
    configFile,
    `local function begin()
  local file = io.open(${JSON.stringify(called)}, "a")
  file:write("x")
  file:close()
end
${syncs.join('')}`,
  );
  const size = (): number => statSync(called, { throwIfNoEntry: false })?.size ?? 0;
  return startedBy(program, () => size() === count);
}

async function untilEqual(program: Program, count: number): Promise<Cost> {
  const { sources, targets } = makeTrees(count);
  const sync = (source: string, index: number): string =>
    `sync{ default.rsync, source = ${JSON.stringify(source)}, target = ${JSON.stringify(targets[index])}, rsync = { archive = true } }\n`;
  writeFileSync(configFile, sources.map(sync).join(''));
  const missing = [...targets];
  const arrived = (): boolean => {
    while (missing.length > 0 && existsSync(`${missing.at(-1)}/file`)) missing.pop();
    return missing.length === 0;
  };
  return startedBy(program, arrived, () => {
    for (const [index, source] of sources.entries()) {
      const differences = compareTrees(pathFromText(source), pathFromText(targets[index] ?? ''));
      // A directory gets its time when rsync is through.
      const others = differences.filter((line) => !line.startsWith('.: '));
      if (others.length > 0) throw new Error(`${program} left a difference: ${others[0]}`);
    }
  });
}

async function untilRefused(program: Program): Promise<Cost> {
  const { sources, targets } = makeTrees(1);
  const [source, target] = [JSON.stringify(sources[0]), JSON.stringify(targets[0])];
  writeFileSync(configFile, `sync{ default.rsync, source = ${source}, target = ${target}, nosuchkey = 1 }\n`);
  const startMs = performance.now();
  const { status, said } = await start(program).ended();
  if (status !== 255 || !said.includes('nosuchkey'))
    throw new Error(`${program} ended with ${status}: ${said}`);
  return { wallMs: performance.now() - startMs };
}

async function ask(question: string, measure: (program: Program) => Promise<Cost>): Promise<void> {
  const costs: Record<Program, Cost[]> = { 'our lsyncd': [], lsyncd: [] };
  for (let round = rounds(10); round > 0; round--)
    for (const program of ['our lsyncd', 'lsyncd'] as const) {
      costs[program].push(await measure(program));
      removeTrees();
    }
  const rows = (of: keyof Cost, unit: string) =>
    Object.entries(costs)
      .map(([name, each]) => ({ name, unit, values: each.flatMap((cost) => cost[of] ?? []) }))
      .filter(({ values }) => values.length > 0 && median(values) > 0);
  const baseline = 'lsyncd';
  report({ question, rows: [...rows('wallMs', 'ms'), ...rows('cpuMs', 'ms CPU')], baseline, bars: [] });
}

for (const count of [1, 50]) {
  const syncs = count === 1 ? '1 sync' : `${count} syncs`;
  await ask(`${syncs}: until onStartup was called`, (program) => untilCalled(program, count));
  await ask(`${syncs} of default.rsync: until the targets are equal`, (program) =>
    untilEqual(program, count),
  );
}
await ask('a wrong key: until it has ended', untilRefused);
