import { appendFileSync } from 'node:fs';
import { describeMachine } from './machine.ts';
import { median } from './statistics.ts';

/** One measured quantity of one contestant, over all rounds. */
export interface Row {
  readonly name: string;
  /** One value a round; the median is what counts. */
  readonly values: readonly number[];
  readonly unit: string;
  /** Shown beside the figures. */
  readonly note?: string;
}

export interface Bar {
  /** What is compared, e.g. `syncline / C loop, wall`. */
  readonly what: string;
  readonly value: number;
  readonly atMost: number;
}

export interface Report {
  readonly question: string;
  readonly rows: readonly Row[];
  /** What was to be reached. */
  readonly bars: readonly Bar[];
  /** The row the others are divided by. */
  readonly baseline?: string;
}

/**
 * Prints the machine, the medians with their range, the ratios and the bars. With SYNCLINE_BENCH_JSON=FILE also adds one line of
 * JSON to that file. A bar that is missed makes the exit status 1 with SYNCLINE_BENCH_STRICT=1.
 */
export function report(result: Report): void {
  const machine = describeMachine();
  console.log(`\n${result.question}`);
  console.log(Object.entries(machine).map(([key, value]) => `  ${key}: ${value}`).join('\n')); // prettier-ignore
  const baselines = new Map(
    result.rows.filter((row) => row.name === result.baseline).map((row) => [row.unit, median(row.values)]),
  );
  for (const row of result.rows) {
    const [middle, base] = [median(row.values), baselines.get(row.unit)];
    const range = `${figure(Math.min(...row.values))} to ${figure(Math.max(...row.values))}`;
    const ratio = base === undefined ? '' : `${(middle / base).toFixed(2)} ×`;
    console.log(
      `  ${row.name.padEnd(28)} ${figure(middle).padStart(10)} ${row.unit.padEnd(14)} ${ratio.padStart(9)}  (${row.values.length} rounds, ${range})${row.note === undefined ? '' : `  ${row.note}`}`,
    );
  }
  for (const bar of result.bars) {
    const reached = bar.value <= bar.atMost;
    console.log(`  ${reached ? 'reached' : 'MISSED '}  ${bar.what}: ${figure(bar.value)}, bar ${bar.atMost}`);
    if (!reached && process.env.SYNCLINE_BENCH_STRICT === '1') process.exitCode = 1;
  }
  const file = process.env.SYNCLINE_BENCH_JSON;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ machine, ...result })}\n`);
}

/** Rounds to measure: SYNCLINE_BENCH_ROUNDS or the question's own number. */
export function rounds(own: number): number {
  return Number(process.env.SYNCLINE_BENCH_ROUNDS ?? own);
}

function figure(value: number): string {
  if (value === 0 || Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3);
}
