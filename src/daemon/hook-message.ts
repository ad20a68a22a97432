import type { Batch } from '../model/batch.ts';
import type { Delivered, Failed, PathProblem } from '../model/outcome.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { jsonPath } from './json-path.ts';

/** Which hook, for which mirror. */
export interface HookSubject {
  readonly hook: 'beforeBatch' | 'afterBatch' | 'onError';
  readonly source: PathBytes;
  /** As the user wrote it. */
  readonly target: string;
}

/** What a hook reads: one JSON object and a line break. Without a batch: the target cannot work from the start. */
export function hookMessage(
  subject: HookSubject,
  batch: Batch | undefined,
  outcome: Delivered | Failed | undefined,
  time: Date,
): string {
  const { hook, source, target } = subject;
  const fields = {
    hook,
    time: time.toISOString(),
    ...jsonPath('source', source),
    target,
    ...(batch === undefined ? {} : batchFields(batch)),
    ...(outcome === undefined ? {} : outcomeFields(outcome)),
  };
  return `${JSON.stringify(fields)}\n`;
}

function batchFields(batch: Batch): Record<string, unknown> {
  const { number, reason, moves, entries } = batch;
  const subtrees = batch.subtrees.length + batch.contentSubtrees.length;
  return { batch: number, reason, moves: moves.length, names: entries.length, subtrees };
}

function outcomeFields(outcome: Delivered | Failed): Record<string, unknown> {
  if (outcome.kind === 'failed') {
    const { scope, message, remedy } = outcome;
    return { outcome: 'failed', scope, message, ...(remedy === undefined ? {} : { remedy }) };
  }
  const { counts, problems, held } = outcome;
  return {
    outcome: 'delivered',
    counts,
    problems: problems.map(problemFields),
    ...(held === undefined
      ? {}
      : { held: { count: held.count, message: held.message, remedy: held.remedy } }),
  };
}

function problemFields({ path, message }: PathProblem): Record<string, string> {
  return { ...jsonPath('path', path), message };
}
