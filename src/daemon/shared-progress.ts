import type { Progress, ProgressState } from './progress.ts';

/**
 * One progress for work of one kind done side by side: gives each of several `workers` (`targets`) a progress of its
 * own, and shows their sums until the last of them has ended.
 */
export function shareProgress(progress: Progress, workers: string): () => Progress {
  const latest = new Map<number, ProgressState>();
  const working = new Set<number>();
  let count = 0;
  return () => {
    const id = ++count;
    return {
      update(state) {
        working.add(id);
        latest.set(id, state);
        const label = working.size === 1 ? state.label : `${state.label} of ${working.size} ${workers}`;
        progress.update({ ...sumOf([...latest.values()], state), label });
      },
      end() {
        if (!working.delete(id) || working.size > 0) return;
        latest.clear();
        progress.end();
      },
    };
  };
}

function sumOf(states: readonly ProgressState[], last: ProgressState): ProgressState {
  const add = (value: (state: ProgressState) => number | undefined): number | undefined =>
    states.reduce<number | undefined>((sum, state) => {
      const more = value(state);
      return sum === undefined || more === undefined ? undefined : sum + more;
    }, 0);
  return {
    label: last.label,
    startedMs: Math.min(...states.map(({ startedMs }) => startedMs)),
    unit: last.unit,
    done: add(({ done }) => done) ?? 0,
    total: add(({ total }) => total),
    bytes: add(({ bytes }) => bytes ?? 0),
  };
}
