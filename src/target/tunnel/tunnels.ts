import type { Subscription } from 'rxjs';
import type { Failed } from '../../model/outcome.ts';
import type { DeliveryEvent } from '../target.ts';
import { Tunnel, type TunnelStatus } from './tunnel.ts';
import { type LocalPort, pooledTarget, tunnelName, type TunnelOptions } from './tunnel-options.ts';

/** One target's part in a tunnel. */
export interface TunnelLease {
  /** The tunnel is wanted from now on. Idempotent. */
  begin(): void;
  /** Waits until it is up, but not for long; undefined: it is. */
  whenUp(signal: AbortSignal): Promise<Failed | undefined>;
  /** How often it has come up; undefined while it is not up. */
  timesUp(): number | undefined;
  /** The target by a process that is up; of a tunnel that is no pool as it is. */
  targetNow(target: string): string;
  /** The target is done with it; with the last one the tunnel ends. Idempotent. */
  release(): Promise<void>;
}

interface Shared {
  readonly key: string;
  readonly tunnel: Tunnel;
  leases: number;
  /** Nobody has it any more: until it is gone it is in the way of others. */
  isEnding: boolean;
  isWanted: boolean;
  isStarted: boolean;
}

/**
 * The tunnels of a program: targets with the same tunnel share it. One that would take the port of another, or is opened
 * by the same command, waits for the end of that. All calls on the main thread.
 */
export class Tunnels {
  readonly #report: (event: DeliveryEvent) => void;
  readonly #changed: () => void;
  readonly #shared = new Set<Shared>();

  /**
   * `report` gets what there is to log: their commands, what these say, and when they come up and end. `changed` is called
   * whenever {@link look} gives something else.
   */
  constructor(report: (event: DeliveryEvent) => void, changed: () => void = () => undefined) {
    this.#report = report;
    this.#changed = changed;
  }

  /** What all of them are doing, in the order in which they came. */
  look(): readonly TunnelStatus[] {
    return [...this.#shared].map(({ tunnel, isStarted }) => tunnel.look(isStarted));
  }

  /** `port` is where the target reaches the tunnel, as far as that is known; `onUp` is called each time that it comes up. */
  lease(
    options: TunnelOptions,
    environment: Readonly<Record<string, string | undefined>>,
    port: LocalPort | undefined,
    onUp: () => void,
  ): TunnelLease {
    const shared = this.#find(options, environment);
    shared.leases++;
    const { tunnel } = shared;
    if (port !== undefined) tunnel.ports.push(port);
    const listening: Subscription = tunnel.up$.subscribe(onUp);
    let isReleased = false;
    return {
      begin: () => {
        if (isReleased) return;
        shared.isWanted = true;
        this.#startWhatCan();
      },
      whenUp: async (signal) => {
        const other = shared.isStarted ? undefined : this.#inTheWayOf(shared);
        return other === undefined ? tunnel.whenUp(signal) : inTheWay(tunnel.options, other.tunnel.options);
      },
      timesUp: () => tunnel.timesUp,
      targetNow: (target) => (options.mode === 'pool' ? pooledTarget(target, tunnel.nextPort()) : target),
      release: async () => {
        if (isReleased) return;
        isReleased = true;
        listening.unsubscribe();
        if (port !== undefined) tunnel.ports.splice(tunnel.ports.indexOf(port), 1);
        if (--shared.leases > 0) return;
        shared.isEnding = true;
        await tunnel.close();
        this.#shared.delete(shared);
        this.#changed();
        this.#startWhatCan();
      },
    };
  }

  #find(options: TunnelOptions, environment: Readonly<Record<string, string | undefined>>): Shared {
    const key = JSON.stringify([options, environment]);
    const known = [...this.#shared].find((one) => one.key === key && !one.isEnding);
    if (known !== undefined) return known;
    const tunnel = new Tunnel(options, environment, this.#report);
    tunnel.changed$.subscribe(this.#changed);
    const made = { key, tunnel, leases: 0, isEnding: false, isWanted: false, isStarted: false };
    this.#shared.add(made);
    return made;
  }

  #startWhatCan(): void {
    for (const shared of this.#shared) {
      if (!shared.isWanted || shared.isStarted || shared.isEnding || this.#inTheWayOf(shared) !== undefined)
        continue;
      shared.isStarted = true;
      shared.tunnel.start();
    }
  }

  #inTheWayOf(shared: Shared): Shared | undefined {
    const { options, ports } = shared.tunnel;
    if (options.mode === 'pool') return undefined;
    const command = JSON.stringify(options.command);
    return [...this.#shared].find(
      (other) =>
        other !== shared &&
        other.isStarted &&
        other.tunnel.options.mode === 'command' &&
        (JSON.stringify(other.tunnel.options.command) === command ||
          other.tunnel.ports.some(({ port }) => ports.some((own) => own.port === port))),
    );
  }
}

function inTheWay(options: TunnelOptions, other: TunnelOptions): Failed {
  return {
    kind: 'failed',
    scope: 'target',
    message: `The tunnel ${tunnelName(options)} waits for the end of the tunnel ${tunnelName(other)}, which has its port.`,
    remedy: 'Give each tunnel a port of its own, or the same options where it is one tunnel.',
  };
}
