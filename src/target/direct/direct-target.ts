import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
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
  readonly #closing = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

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
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    const work = this.#delivery.deliver(batch, { signal, report: context.report });
    this.#running = Promise.allSettled([this.#running, work]);
    return work;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }
}
