import { constants } from 'node:os';
import { filter, fromEvent, map, merge, mergeMap, type Observable, scan, share } from 'rxjs';

/** Why the program is asked to end. `SIGPIPE` stands for: nobody reads the standard output any more. */
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

/** Where text goes; a terminal has `isTTY` and `columns`. */
export interface TextOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** All that a command sees of the process it runs in, so that a test can stand in for the terminal and the signals. */
export interface ProgramIo {
  /** What was asked for: log lines, events. */
  readonly stdout: TextOutput;
  /** Progress bars and the one line of a failure. */
  readonly stderr: TextOutput;
  /** NO_COLOR, FORCE_COLOR and TERM, as far as set. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One value for each time the program is asked to end; subscribing takes the signals from Node's default action. */
  readonly signals$: Observable<EndSignal>;
  /** One value for each HUP, for what reads its configuration again; subscribing takes it from Node's default action. */
  readonly hangUps$: Observable<unknown>;
}

/** The exit status of a program that a signal ended: 128 + its number, 143 for TERM, 130 for INT. */
export function signalExitStatus(signal: EndSignal): number {
  return 128 + constants.signals[signal];
}

/**
 * Two equal signals closer than this are one: `npm start` passes on a Ctrl-C that the terminal has sent to us as well,
 * and the second signal of a user means "at once".
 */
const SAME_SIGNAL_MS = 250;

/** Drops a signal that repeats its predecessor within {@link SAME_SIGNAL_MS}; `nowMs` is a monotonic clock. */
export function withoutEchoes(
  signal$: Observable<EndSignal>,
  nowMs: () => number = () => performance.now(),
): Observable<EndSignal> {
  interface Seen {
    readonly signal: EndSignal;
    readonly atMs: number;
    readonly echo: boolean;
  }
  return signal$.pipe(
    scan<EndSignal, Seen | undefined>((previous, signal) => {
      const atMs = nowMs();
      const echo = previous?.signal === signal && atMs - previous.atMs < SAME_SIGNAL_MS;
      return { signal, atMs, echo };
    }, undefined),
    mergeMap((seen) => (seen === undefined || seen.echo ? [] : [seen.signal])),
  );
}

/**
 * The real process. Call once, first of all: from then on it listens for errors of both outputs, and USR1 and USR2 do
 * nothing. By default the one would open Node's debugger to all users of this machine, and the other end the program.
 */
export function processIo(): ProgramIo {
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => undefined);
  // Nobody reads what is said there any more.
  process.stderr.on('error', () => undefined);
  const brokenPipe$ = fromEvent(process.stdout, 'error').pipe(
    // EIO: the terminal is gone.
    filter((error) => ['EPIPE', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? '')),
    map(() => 'SIGPIPE' as const),
    share(),
  );
  brokenPipe$.subscribe();
  const signal$ = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): Observable<EndSignal> =>
    fromEvent(process, signal).pipe(map(() => signal));
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    signals$: withoutEchoes(
      merge(signal$('SIGINT'), signal$('SIGTERM'), signal$('SIGHUP'), brokenPipe$),
    ).pipe(share()),
    hangUps$: signal$('SIGHUP'),
  };
}
