import { Observable, ReplaySubject, type Subscription } from 'rxjs';
import type { Log } from './log.ts';
import type { EndSignal, ProgramIo } from './program-io.ts';

/** All that is done after the first signal, deliveries and hooks of all targets together, may take this long. */
export const DRAIN_MS = 5_000;

/** How a run is told to end. */
export interface Ending {
  /** Emits once, at the first signal: deliver what is pending, then end. A late subscriber gets it too. */
  readonly finish$: Observable<EndSignal>;
  /** Aborted when it is to end at once: at the second signal, or by {@link now}. */
  readonly abort: AbortSignal;
  /** The same as an Observable: emits once, to late subscribers too. */
  readonly abort$: Observable<void>;
  /** The first signal, once there was one. */
  readonly signal: () => EndSignal | undefined;
  /** How much of {@link DRAIN_MS} is left; all of it while there was no signal. */
  readonly drainLeftMs: () => number;
  now(): void;
  /** Ends as at the first signal, with this exit status; the first one counts. */
  terminate(exitStatus: number): void;
  /** Ends at once, with the exit status 1. */
  fail(): void;
  /** The status of {@link terminate} or {@link fail}, once it was asked for. */
  readonly exitStatus: () => number | undefined;
  /** Gives the signals back. */
  close(): void;
}

/**
 * Follows the signals of the process: the first one asks for a graceful end, the second one ends at once.
 * `graceful` says in words what the first one does; `nowMs` is a monotonic clock.
 */
export function endOnSignals(
  io: Pick<ProgramIo, 'signals$'>,
  log: Log,
  graceful: string,
  nowMs: () => number = () => performance.now(),
): Ending {
  const finish$ = new ReplaySubject<EndSignal>(1);
  const abort$ = new ReplaySubject<void>(1);
  const controller = new AbortController();
  const now = (): void => {
    controller.abort();
    abort$.next();
  };
  let first: EndSignal | undefined;
  let firstAtMs: number | undefined;
  let wanted: number | undefined;
  const finish = (why: EndSignal): void => {
    first = why;
    firstAtMs = nowMs();
    finish$.next(why);
  };
  const subscription: Subscription = io.signals$.subscribe((signal) => {
    if (first === undefined) {
      log.info(`${signal}: ${graceful}`);
      finish(signal);
    } else {
      log.info(`${signal} again: ending at once`);
      now();
    }
  });
  return {
    finish$,
    abort: controller.signal,
    abort$,
    signal: () => first,
    drainLeftMs: () => (firstAtMs === undefined ? DRAIN_MS : Math.max(0, DRAIN_MS - (nowMs() - firstAtMs))),
    now,
    terminate: (exitStatus) => {
      if (wanted !== undefined) return;
      wanted = exitStatus & 0xff;
      log.info(`an action ends the program with ${wanted}`);
      if (first === undefined) finish('SIGTERM');
    },
    fail: () => {
      wanted ??= 1;
      if (first === undefined) finish('SIGTERM');
      now();
    },
    exitStatus: () => wanted,
    close: () => {
      subscription.unsubscribe();
    },
  };
}
