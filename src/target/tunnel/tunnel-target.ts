import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
import { WorkUnderWay } from '../work-under-way.ts';
import type { LocalPort, TunnelOptions } from './tunnel-options.ts';
import type { TunnelLease, Tunnels } from './tunnels.ts';

export interface TunnelTargetOptions {
  readonly tunnel: TunnelOptions;
  readonly tunnels: Tunnels;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the target reaches the tunnel on this machine, as far as that is known. */
  readonly port: LocalPort | undefined;
  /** Called when the tunnel is up again and the last delivery has not reached the target, or failed while it was down. */
  readonly onReachable: () => void;
}

/** A target that is reached by a tunnel: `make` makes the target itself. What that throws is thrown. */
export function createTunnelTarget(
  options: TunnelTargetOptions,
  make: (targetNow: TunnelLease['targetNow']) => Target,
): Target {
  return new TunnelTarget(options, make);
}

class TunnelTarget implements Target {
  readonly #inner: Target;
  readonly #lease: TunnelLease;
  readonly #work = new WorkUnderWay();
  /** To be called when the tunnel is up. */
  readonly #reach: () => void;
  #isMissed = false;

  constructor(
    { tunnel, tunnels, environment, port, onReachable }: TunnelTargetOptions,
    make: (targetNow: TunnelLease['targetNow']) => Target,
  ) {
    this.#reach = () => {
      if (this.#isMissed) onReachable();
      this.#isMissed = false;
    };
    this.#lease = tunnels.lease(tunnel, environment, port, this.#reach);
    try {
      this.#inner = make((target) => this.#lease.targetNow(target));
    } catch (error) {
      void this.#lease.release();
      throw error;
    }
  }

  get name(): string {
    return this.#inner.name;
  }

  get capabilities(): TargetCapabilities {
    return this.#inner.capabilities;
  }

  prepare(context: DeliveryContext): Promise<void> {
    return this.#inner.prepare(context);
  }

  begin(): void {
    this.#lease.begin();
    this.#inner.begin?.();
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    return this.#work.run(context, (until) => this.#deliver(batch, until));
  }

  async close(): Promise<void> {
    await this.#work.close();
    await this.#inner.close();
    await this.#lease.release();
  }

  async #deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    this.#lease.begin();
    const closed = await this.#lease.whenUp(context.signal);
    const before = this.#lease.timesUp();
    const outcome = closed ?? (await this.#inner.deliver(batch, context));
    const now = this.#lease.timesUp();
    const isSame = now !== undefined && now === before;
    this.#isMissed = isUnreached(outcome) || (!isSame && isTroubled(outcome));
    // It is up again already: nothing else will tell so, and whoever asked has to know the outcome first.
    if (this.#isMissed && !isSame && now !== undefined) setImmediate(this.#reach);
    return outcome;
  }
}

function isUnreached(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && outcome.scope === 'target';
}

/** A program of the user's that could not reach its host says so in its own way: as a problem of one name, say. */
function isTroubled(outcome: Outcome): boolean {
  return outcome.kind === 'failed' ? outcome.scope === 'batch' : outcome.problems.length > 0;
}
