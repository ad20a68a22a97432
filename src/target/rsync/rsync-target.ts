import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
import { deliverBatch } from './deliver-batch.ts';
import { Leftovers } from './leftovers.ts';
import { checkExtraArguments } from './rsync-arguments.ts';
import type { RsyncTargetOptions } from './rsync-options.ts';
import { RsyncSession } from './rsync-session.ts';

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
  readonly #leftovers: Leftovers;
  readonly #closing = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RsyncTargetOptions) {
    this.name = options.target;
    this.capabilities = { moves: canMove(options) };
    this.#session = new RsyncSession(options);
    this.#leftovers = new Leftovers(this.#session);
  }

  prepare(context: DeliveryContext): Promise<void> {
    return this.#track(this.#session.prepare(this.#until(context)));
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    return this.#track(this.#deliver(batch, this.#until(context)));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    const outcome = await deliverBatch(this.#session, batch, context);
    return this.#leftovers.after(batch, outcome, context);
  }

  #until(context: DeliveryContext): DeliveryContext {
    return { report: context.report, signal: AbortSignal.any([context.signal, this.#closing.signal]) };
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running = Promise.allSettled([this.#running, work]);
    return work;
  }
}
