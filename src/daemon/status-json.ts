import type { BookedName } from '../pipeline/mirror.ts';
import { hintNames } from './event-text.ts';
import { jsonPath } from './json-path.ts';
import type { RunStatus } from './status-board.ts';

/** A status as one JSON object, paths by {@link jsonPath}. */
export function statusJson({ at, isRunning, directories, targets, tunnels }: RunStatus): string {
  const status = {
    time: at.toISOString(),
    pid: process.pid,
    running: isRunning,
    watchedDirectories: directories,
    targets: targets.map(
      ({ source, target, state, message, remedy, pending, inFlight, quarantined, last, names }) => ({
        ...{ source, target, state, message, remedy, pending, inFlight, quarantined },
        ...(last && { lastDelivery: { time: last.at.toISOString(), ...last.counts } }),
        names: names.map(nameJson),
      }),
    ),
    ...(tunnels.length > 0 && { tunnels: tunnels.map(({ name, processes }) => ({ name, processes })) }),
  };
  return `${JSON.stringify(status, undefined, 2)}\n`;
}

function nameJson({ state, path, to, hints, isCompared }: BookedName): Record<string, unknown> {
  return {
    state,
    ...jsonPath('path', path),
    ...(to === undefined ? {} : jsonPath('to', to)),
    hints: hintNames(hints),
    ...(isCompared ? { compare: true } : {}),
  };
}
