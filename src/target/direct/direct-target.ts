import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
import { WorkUnderWay } from '../work-under-way.ts';
import { DirectDelivery } from './direct-delivery.ts';
import type { DirectTargetOptions } from './direct-options.ts';

/**
 * A local directory that our own file engine brings up to date; no process is started. Throws a SynclineError (TARGET)
 * for a target that is not on this machine.
 */
export function createDirectTarget(options: DirectTargetOptions): Target {
  return new DirectTarget(options);
}

class DirectTarget implements Target {
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  readonly #delivery: DirectDelivery;
  readonly #work = new WorkUnderWay();

  constructor(options: DirectTargetOptions) {
    const { target, deletes = 'yes', dryRun = false } = options;
    this.name = target;
    // A move takes the old name away, as a deletion does.
    this.capabilities = { moves: !dryRun && (deletes === 'yes' || deletes === 'running') };
    this.#delivery = new DirectDelivery(options);
  }

  prepare(): Promise<void> {
    return Promise.resolve().then(() => {
      this.#delivery.prepare();
    });
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    return this.#work.run(context, (until) => this.#delivery.deliver(batch, until));
  }

  close(): Promise<void> {
    return this.#work.close();
  }
}
