import type { Bench } from 'tinybench';
import { appendFileSync } from 'node:fs';
import { describeMachine } from './machine.ts';

/**
 * Runs the tasks and prints, for each, the median time of one call and of one item in it. With SYNCLINE_BENCH_JSON=FILE also adds a line
 * of JSON to that file. Throws when a task failed.
 */
export async function runMicroBench(question: string, bench: Bench, itemsPerCall: number): Promise<void> {
  const tasks = await bench.run();
  const machine = describeMachine();
  console.log(
    `\n${question}\n  ${machine.cpu ?? ''}, node ${machine.node ?? ''}, load ${machine.load ?? ''}`,
  );
  const results: Record<string, number> = {};
  for (const task of tasks) {
    const { result } = task;
    if (result.state !== 'completed') throw new Error(`${task.name}: ${result.state}`);
    const medianMs = result.latency.p50;
    const itemNs = (medianMs * 1e6) / itemsPerCall;
    results[task.name] = itemNs;
    console.log(
      `  ${task.name.padEnd(44)} ${medianMs.toFixed(3).padStart(10)} ms a call ${itemNs.toFixed(1).padStart(9)} ns an item  (${result.latency.samplesCount} samples, ±${result.latency.rme.toFixed(1)}%)`,
    );
  }
  const file = process.env.SYNCLINE_BENCH_JSON;
  if (file !== undefined)
    appendFileSync(file, `${JSON.stringify({ machine, question, nsPerItem: results })}\n`);
}
