import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
import { DeliverySlots } from '../process-slots.ts';
import { deliverBatch } from './deliver-batch.ts';
import { checkExtraArguments } from './rsync-arguments.ts';
import type { RsyncTargetOptions } from './rsync-options.ts';
import { ENDED_EARLY, RsyncSession } from './rsync-session.ts';

/** A target that rsync brings up to date. Throws a SynclineError (TARGET, USAGE) for options that cannot work. */
export function createRsyncTarget(options: RsyncTargetOptions): Target {
  checkExtraArguments(options.extraArguments ?? []);
  return new RsyncTarget(options);
}

/** A move takes the old name away, as a deletion does. */
function canMove({ mover, deletes = 'yes', dryRun = false }: RsyncTargetOptions): boolean {
  return mover !== undefined && !dryRun && (deletes === 'yes' || deletes === 'running');
}

class RsyncTarget implements Target {
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  readonly #session: RsyncSession;
  readonly #closing = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RsyncTargetOptions) {
    this.name = options.target;
    this.capabilities = { moves: canMove(options) };
    this.#session = new RsyncSession(options);
  }

  prepare(context: DeliveryContext): Promise<void> {
    return this.#track(this.#session.prepare(this.#until(context)));
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    return this.#track(this.#deliverInSlot(batch, this.#until(context)));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #deliverInSlot(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    const { options } = this.#session;
    if (options.slots === undefined) return deliverBatch(this.#session, batch, context);
    const slots = await DeliverySlots.begin(options.slots, context.signal);
    if (slots === undefined) return ENDED_EARLY;
    this.#session.slots = slots;
    try {
      return await deliverBatch(this.#session, batch, context);
    } finally {
      this.#session.slots = undefined;
      slots.end();
    }
  }

  #until(context: DeliveryContext): DeliveryContext {
    return { report: context.report, signal: AbortSignal.any([context.signal, this.#closing.signal]) };
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running = Promise.allSettled([this.#running, work]);
    return work;
  }
}
