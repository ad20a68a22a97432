import { firstValueFrom, fromEvent, merge, type Observable, Subject, timer } from 'rxjs';
import type { Failed } from '../../model/outcome.ts';
import type { DeliveryEvent } from '../target.ts';
import { type LocalPort, tunnelName, type TunnelOptions } from './tunnel-options.ts';
import { TunnelProcess, type TunnelState } from './tunnel-process.ts';

/** Beyond `readyDelayMs`, so long a delivery waits for a process that runs and is not up. */
const PATIENCE_MS = 5_000;

/** What one process of a tunnel is doing, and why it is not up. */
export interface TunnelProcessStatus {
  readonly state: TunnelState['kind'];
  /** Of a pool. */
  readonly port?: number | undefined;
  readonly message?: string | undefined;
}

/** What a tunnel is doing; `isStarted`: it is wanted, and no other one is in its way. */
export interface TunnelStatus {
  readonly name: string;
  readonly isStarted: boolean;
  readonly processes: readonly TunnelProcessStatus[];
}

/** A way to targets: up as long as one of its processes is. All calls on the main thread. */
export class Tunnel {
  readonly options: TunnelOptions;
  /** Ports that its users know to be the tunnel's, one for each of them. */
  readonly ports: LocalPort[] = [];
  readonly #up$ = new Subject<void>();
  readonly #changed$ = new Subject<void>();
  readonly #processes: readonly TunnelProcess[];
  #isUp = false;
  #timesUp = 0;
  #turns = 0;

  constructor(
    options: TunnelOptions,
    environment: Readonly<Record<string, string | undefined>>,
    report: (event: DeliveryEvent) => void,
  ) {
    this.options = options;
    const count = options.mode === 'pool' ? options.parallel : 1;
    this.#processes = Array.from({ length: count }, () => {
      const ports = (): readonly LocalPort[] => this.ports;
      return new TunnelProcess({
        options,
        environment,
        ports,
        report,
        changed: () => {
          this.#see();
        },
      });
    });
  }

  /** Emits each time that it comes up. */
  get up$(): Observable<void> {
    return this.#up$;
  }

  /** Emits with every change of {@link look}. */
  get changed$(): Observable<void> {
    return this.#changed$;
  }

  look(isStarted: boolean): TunnelStatus {
    const processes = this.#processes.map((process): TunnelProcessStatus => {
      const { state, port } = process;
      if (!isStarted) return { state: 'down' };
      return { state: state.kind, port, ...(state.kind === 'up' ? {} : { message: whyNot(process) }) };
    });
    return { name: tunnelName(this.options), isStarted, processes };
  }

  /** How often it has come up; undefined while it is not up. */
  get timesUp(): number | undefined {
    return this.#isUp ? this.#timesUp : undefined;
  }

  /** Idempotent. */
  start(): void {
    for (const process of this.#processes) process.start();
  }

  /** Waits until it is up; gives up when none of its processes runs, and after a while. */
  async whenUp(signal: AbortSignal): Promise<Failed | undefined> {
    while (!this.#isUp) {
      if (signal.aborted) return { kind: 'failed', scope: 'batch', message: 'ended before it was begun' };
      const leftMs = Math.max(...this.#processes.map((process) => this.#leftMs(process)));
      if (leftMs <= 0) return this.#failure();
      await firstValueFrom(merge(this.#changed$, fromEvent(signal, 'abort'), timer(leftMs)));
    }
    return undefined;
  }

  /** Of a pool: the port to go by this time, one process that is up after the other. */
  nextPort(): number | undefined {
    const up = this.#processes.filter(({ state }) => state.kind === 'up');
    const all = up.length > 0 ? up : this.#processes;
    return all[this.#turns++ % all.length]?.port;
  }

  /** Ends all processes; afterwards none is left. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.close()));
  }

  /** So long a process may take yet to come up. */
  #leftMs({ state }: TunnelProcess): number {
    if (state.kind !== 'connecting') return 0;
    return Math.max(
      0,
      Math.ceil(state.sinceMs + this.options.readyDelayMs + PATIENCE_MS - performance.now()),
    );
  }

  #failure(): Failed {
    const process = this.#processes.find(({ state }) => state.kind === 'down') ?? this.#processes[0];
    return {
      kind: 'failed',
      scope: 'target',
      message: `The tunnel ${tunnelName(this.options)} is not up: ${process === undefined ? '' : whyNot(process)}.`,
      remedy: 'Run its command by hand to see what is wrong; the log has what it says at the level debug.',
    };
  }

  #see(): void {
    const wasUp = this.#isUp;
    this.#isUp = this.#processes.some(({ state }) => state.kind === 'up');
    if (this.#isUp && !wasUp) this.#timesUp++;
    this.#changed$.next();
    if (this.#isUp && !wasUp) this.#up$.next();
  }
}

function whyNot({ state, lastLine }: TunnelProcess): string {
  if (state.kind === 'down') return state.why.replace(/\.+$/, '');
  const { host, port } = (state.kind === 'connecting' ? state.missing : undefined) ?? {};
  const what =
    port === undefined ? 'it is not ready yet' : `nothing accepts connections on ${host}:${port} yet`;
  return `its command runs, but ${what}${lastLine === '' ? '' : `: ${lastLine.replace(/\.+$/, '')}`}`;
}
