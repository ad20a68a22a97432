/**
 * What does an event cost in each layer of a configuration, beside lsyncd with the same one? 100,000 events for functions that count
 * them in their process (TypeScript, Lua), 2,000 for command strings, each of which starts the cheapest program that leaves a
 * trace (for 100,000 of them each contestant would need minutes). Files that are there are opened for writing and closed, 1,000 and one
 * more at a time, and the next only when all of these were counted: one event a name, and neither a full queue nor lsyncd's
 * backlog is measured. No name may be missed. CPU of the program and its children, and time from the first of 1,000 to the
 * last, for each event, delay 0. No bar. SYNCLINE_BENCH_SCALE=0.1 makes it a tenth of the events.
 */
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { benchDirectory, makeDirectory } from '../support/bench-directory.ts';
import { eventLayer, type EventLayer, startsProcesses } from '../support/event-layers.ts';
import { runNative } from '../support/native-program.ts';
import { report, rounds } from '../support/report.ts';
import { Subject } from '../support/subject.ts';
import { until } from '../support/until.ts';

const NAMES = 1_000;
const DEADLINE_MS = 60_000;
const scale = Number(process.env.SYNCLINE_BENCH_SCALE ?? 1);
const directory = benchDirectory();

interface Cost {
  readonly cpuMicroseconds: number;
  readonly wallMicroseconds: number;
  /** Beyond one for each change. */
  readonly furtherCalls: number;
}

/** Changes all names once, and `done` last. */
function change(source: string): void {
  runNative('storm', source, 'create', 100, NAMES, 0);
}

function text(notes: string): string {
  return existsSync(notes) ? readFileSync(notes, 'latin1') : '';
}

/** How often the function was called for the names, once all of them are counted. Rejects if they are not. */
async function countedCalls(notes: string): Promise<number> {
  let calls: string | undefined;
  let names: string | undefined;
  const isCounted = (): boolean => {
    [, calls, names] = /^(\d+) calls, (\d+) names\n$/.exec(text(notes)) ?? [];
    return names !== undefined;
  };
  await until(isCounted, DEADLINE_MS, 1, () => `nothing was counted, but: ${text(notes)}`);
  if (Number(names) !== NAMES) throw new Error(`${names} of ${NAMES} names counted`);
  rmSync(notes);
  return Number(calls);
}

/** The same where a program has written down each name. */
async function notedCalls(notes: string): Promise<number> {
  const wanted = NAMES * 'd000/f0000000\n'.length + 'done\n'.length;
  const size = (): number => statSync(notes, { throwIfNoEntry: false })?.size ?? 0;
  await until(
    () => size() >= wanted,
    DEADLINE_MS,
    1,
    () => `${size()} bytes of ${wanted} noted`,
  );
  const lines = text(notes).trimEnd().split('\n');
  if (new Set(lines).size !== NAMES + 1)
    throw new Error(`${new Set(lines).size - 1} of ${NAMES} names noted`);
  rmSync(notes);
  return lines.length - 1;
}

async function measure(layer: EventLayer, changes: number): Promise<Cost> {
  const source = makeDirectory(directory, 'source');
  const notes = `${directory}/notes`;
  change(source);
  const subject = new Subject(eventLayer(layer, { directory, source, notes }));
  const counted = (): Promise<number> => (startsProcesses(layer) ? notedCalls(notes) : countedCalls(notes));
  try {
    await until(
      () => text(notes) === 'ready\n',
      DEADLINE_MS,
      10,
      () => `${layer} was not ready`,
    );
    rmSync(notes);
    // The first time is for code that is compiled then.
    change(source);
    await counted();
    await subject.atRest();
    const cpuBefore = subject.cpuSeconds();
    let wallMs = 0;
    let calls = 0;
    for (let time = 0; time < changes; time++) {
      const start = performance.now();
      change(source);
      calls += await counted();
      wallMs += performance.now() - start;
    }
    await subject.atRest();
    const events = changes * NAMES;
    return {
      cpuMicroseconds: ((subject.cpuSeconds() - cpuBefore) * 1e6) / events,
      wallMicroseconds: (wallMs * 1e3) / events,
      furtherCalls: calls - events,
    };
  } finally {
    await subject.end();
    rmSync(source, { recursive: true });
    rmSync(notes, { force: true });
  }
}

async function ask(events: number, layers: readonly EventLayer[], baseline: EventLayer): Promise<void> {
  const changes = Math.max(1, Math.round((events * scale) / NAMES));
  const costs = new Map<EventLayer, Cost[]>(layers.map((layer) => [layer, []]));
  for (let round = rounds(3); round > 0; round--)
    for (const layer of layers) costs.get(layer)?.push(await measure(layer, changes));
  const rows = (of: 'cpuMicroseconds' | 'wallMicroseconds', unit: string) =>
    [...costs].map(([name, each]) => {
      const further = each.reduce((sum, { furtherCalls }) => sum + furtherCalls, 0);
      const note = further === 0 ? {} : { note: `${further} further calls` };
      return { name, values: each.map((cost) => cost[of]), unit, ...note };
    });
  const what = startsProcesses(baseline) ? 'layer 3, a process each' : 'layer 2, counted in the process';
  report({
    question: `${changes * NAMES} events through ${what}`,
    rows: [...rows('cpuMicroseconds', 'µs CPU'), ...rows('wallMicroseconds', 'µs wall')],
    baseline,
    bars: [],
  });
}

await ask(100_000, ['TypeScript, syncline', 'Lua, our lsyncd', 'Lua, lsyncd'], 'Lua, lsyncd');
await ask(2_000, ['command, syncline', 'command, our lsyncd', 'command, lsyncd'], 'command, lsyncd');
