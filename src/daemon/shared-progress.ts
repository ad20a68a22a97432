import type { Progress, ProgressState } from './progress.ts';

/**
 * One progress for the work of several targets side by side: gives each a progress of its own, and shows their sums
 * until the last of them has ended.
 */
export function shareProgress(progress: Progress): () => Progress {
  const latest = new Map<number, ProgressState>();
  const working = new Set<number>();
  let targets = 0;
  return () => {
    const id = ++targets;
    return {
      update(state) {
        working.add(id);
        latest.set(id, state);
        progress.update(sumOf([...latest.values()], working.size, state));
      },
      end() {
        if (!working.delete(id) || working.size > 0) return;
        latest.clear();
        progress.end();
      },
    };
  };
}

function sumOf(states: readonly ProgressState[], working: number, last: ProgressState): ProgressState {
  const add = (value: (state: ProgressState) => number | undefined): number | undefined =>
    states.reduce<number | undefined>((sum, state) => {
      const more = value(state);
      return sum === undefined || more === undefined ? undefined : sum + more;
    }, 0);
  return {
    label: working === 1 ? last.label : `${last.label} of ${working} targets`,
    startedMs: Math.min(...states.map(({ startedMs }) => startedMs)),
    unit: last.unit,
    done: add(({ done }) => done) ?? 0,
    total: add(({ total }) => total),
    bytes: add(({ bytes }) => bytes ?? 0),
  };
}
