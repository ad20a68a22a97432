import { setTimeout as timer } from 'node:timers/promises';
import { displayPath, type PathBytes } from '../../model/path-bytes.ts';
import { findLauncher } from '../rsync/launcher.ts';
import { type ProcessEnd, runProcess } from '../rsync/run-process.ts';
import type { DeliveryEvent } from '../target.ts';
import { acceptsConnections, freePort } from './local-port.ts';
import { type LocalPort, tunnelName, type TunnelOptions, tunnelWords } from './tunnel-options.ts';

export type TunnelState =
  /** It runs, or is about to, since `sinceMs` (monotonic); `missing`: nobody accepts connections there yet. */
  | { readonly kind: 'connecting'; readonly sinceMs: number; readonly missing?: LocalPort }
  | { readonly kind: 'up' }
  /** It has ended, and is started again after a pause; `why` in a few words. */
  | { readonly kind: 'down'; readonly why: string };

export interface TunnelProcessParts {
  readonly options: TunnelOptions;
  /** The whole environment of the command. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ports that are known to be those of the tunnel; asked for each time. Of a pool each process has its own instead. */
  readonly ports: () => readonly LocalPort[];
  readonly report: (event: DeliveryEvent) => void;
  /** The state is another one. */
  readonly changed: () => void;
}

/** No longer pause between two processes, but for a longer `retryDelayMs`. */
const MAX_PAUSE_MS = 60_000;
const FIRST_LOOK_MS = 20;
const MAX_LOOK_MS = 500;

/** The pause after the process has ended, `failures` times since it was up last. */
export function restartPauseMs(retryDelayMs: number, failures: number): number {
  const longest = Math.max(MAX_PAUSE_MS, retryDelayMs);
  return Math.min(longest, retryDelayMs * 2 ** Math.min(40, Math.max(0, failures - 1)));
}

/** One process of a tunnel, started again whenever it ends, until it is closed. */
export class TunnelProcess {
  readonly #parts: TunnelProcessParts;
  readonly #stop = new AbortController();
  #state: TunnelState = { kind: 'connecting', sinceMs: performance.now() };
  #running: Promise<void> | undefined;
  #launcher: readonly string[] | undefined;
  #port: number | undefined;
  #lastLine = '';

  constructor(parts: TunnelProcessParts) {
    this.#parts = parts;
  }

  get state(): TunnelState {
    return this.#state;
  }

  /** Of a pool: the port of the process that runs, or ran last. */
  get port(): number | undefined {
    return this.#port;
  }

  /** What it said last, for people. */
  get lastLine(): string {
    return this.#lastLine;
  }

  /** Idempotent. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the process with all in its group; afterwards none is left. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { options, report } = this.#parts;
    for (let failures = 0; ;) {
      const why = await this.#runOnce();
      if (this.#isClosed()) return;
      failures = this.#state.kind === 'up' ? 1 : failures + 1;
      const pauseMs = restartPauseMs(options.retryDelayMs, failures);
      const message = `tunnel ${tunnelName(options)}: ${why}; started again in ${pauseMs / 1000} s`;
      report({ kind: 'notice', level: 'warn', message });
      this.#is({ kind: 'down', why });
      await pause(pauseMs, this.#stop.signal);
      if (this.#isClosed()) return;
    }
  }

  #isClosed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Runs the command to its end and says how it ended. */
  async #runOnce(): Promise<string> {
    const { options, environment, report } = this.#parts;
    const { signal } = this.#stop;
    this.#lastLine = '';
    this.#is({ kind: 'connecting', sinceMs: performance.now() });
    this.#launcher ??= await findLauncher(environment);
    if (options.mode === 'pool') {
      this.#port = await freePort().catch(() => undefined);
      if (this.#port === undefined) return 'there is no free port';
    }
    const wasTaken = (await this.#missingPort()) === undefined;
    const [program = '', ...words] = tunnelWords(options, this.#port);
    report({ kind: 'command', program, arguments: words });
    this.#tell(`its command is started${this.#port === undefined ? '' : ` for port ${this.#port}`}`);
    const tell = (line: string): void => {
      if (line.trim() === '') return;
      this.#lastLine = displayPath(line as PathBytes);
      this.#tell(this.#lastLine);
    };
    const ended = new AbortController();
    const ready = this.#untilUp(wasTaken, AbortSignal.any([signal, ended.signal]));
    const end = await runProcess({
      launcher: this.#launcher,
      program,
      arguments: words,
      environment,
      keepsLocale: true,
      onOutput: tell,
      onError: tell,
      idleTimeoutMs: 0,
      meetsFifos: false,
      leavesNothing: true,
      signal,
    });
    ended.abort();
    await ready;
    if (this.#isClosed()) this.#tell('ended');
    return `${howEnded(end)}${this.#lastLine === '' ? '' : `: ${this.#lastLine}`}`;
  }

  /**
   * A port that was taken before the process began says nothing about it; nor is there a port to look at for every
   * tunnel. Then the process has to live for a while.
   */
  async #untilUp(wasTaken: boolean, signal: AbortSignal): Promise<void> {
    const { options, report } = this.#parts;
    if (wasTaken) await pause(options.readyDelayMs, signal);
    let missing = await this.#missingPort();
    for (let lookMs = FIRST_LOOK_MS; missing !== undefined && !signal.aborted; lookMs *= 2) {
      if (this.#state.kind === 'connecting') this.#state = { ...this.#state, missing };
      await pause(Math.min(MAX_LOOK_MS, lookMs), signal);
      missing = await this.#missingPort();
    }
    // The process may have ended while the port was looked at, or before.
    if (signal.aborted) return;
    const where = this.#port === undefined ? '' : ` on port ${this.#port}`;
    report({ kind: 'notice', message: `tunnel ${tunnelName(options)} is up${where}` });
    this.#is({ kind: 'up' });
  }

  /** The first port at which nobody accepts connections; undefined if there is none. */
  async #missingPort(): Promise<LocalPort | undefined> {
    const own = this.#port === undefined ? [] : [{ host: 'localhost', port: this.#port }];
    for (const port of own.length > 0 ? own : this.#parts.ports())
      if (!(await acceptsConnections(port))) return port;
    return undefined;
  }

  /** For those who look for it. */
  #tell(what: string): void {
    const { options, report } = this.#parts;
    const message = `tunnel ${tunnelName(options)}: ${what}`;
    report({ kind: 'notice', level: 'debug', topic: 'tunnel', message });
  }

  #is(state: TunnelState): void {
    this.#state = state;
    this.#parts.changed();
  }
}

/** Ends early when the signal is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await timer(ms, undefined, { signal }).catch(() => undefined);
}

function howEnded(end: ProcessEnd): string {
  switch (end.kind) {
    case 'exited':
      return `its command ended with exit ${end.code}${end.code === 0 ? ' (it has to stay in the foreground)' : ''}`;
    case 'killed':
      return `its command was killed by ${end.signal}`;
    case 'notStarted':
      return `its command cannot be started: ${end.reason}`;
    case 'aborted':
    case 'hung':
    case 'waitingForFifo':
      return 'its command was ended';
  }
}
