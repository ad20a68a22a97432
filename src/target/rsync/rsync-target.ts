import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
import { WorkUnderWay } from '../work-under-way.ts';
import { DeliverySlots } from '../process-slots.ts';
import { deliverBatch } from './deliver-batch.ts';
import { Leftovers } from './leftovers.ts';
import { checkExtraArguments } from './rsync-arguments.ts';
import type { RsyncTargetOptions } from './rsync-options.ts';
import { ENDED_EARLY, RsyncSession } from './rsync-session.ts';
import type { RunContext } from './rsync-session.ts';

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
  readonly #work = new WorkUnderWay();
  /** The delivery of a large file under way: it has a temporary file on the target. */
  #large: { readonly signal: AbortSignal; readonly ended: Promise<unknown> } | undefined;
  /** Settled when nothing that looks like a temporary file is being removed. */
  #cleaned: Promise<unknown> = Promise.resolve();

  constructor(options: RsyncTargetOptions) {
    this.name = options.target;
    this.capabilities = { moves: canMove(options) };
    this.#session = new RsyncSession(options);
    this.#leftovers = new Leftovers(this.#session);
  }

  prepare(context: DeliveryContext): Promise<void> {
    return this.#work.run(context, (until) => this.#session.prepare(until));
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    return this.#work.run(context, (until) => this.#deliver(batch, until));
  }

  async #deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    if (batch.large === 'only') return this.#deliverLarge(batch, context);
    // It was ended to make way, and its last work at a temporary file must be over.
    if (this.#large?.signal.aborted === true) await this.#large.ended;
    return this.#inSlot(context, async (inSlot) => {
      const outcome = await deliverBatch(this.#session, batch, inSlot);
      const work = this.#leftovers.after(batch, outcome, this.#large !== undefined, inSlot);
      this.#cleaned = work.catch(() => undefined);
      return work;
    });
  }

  #deliverLarge(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    const ended = this.#cleaned
      .then(() =>
        this.#inSlot(context, async (inSlot) => {
          const outcome = await deliverBatch(this.#session, batch, inSlot);
          return this.#leftovers.after(batch, outcome, true, inSlot);
        }),
      )
      .finally(() => {
        this.#large = undefined;
      });
    this.#large = { signal: context.signal, ended };
    return ended;
  }

  close(): Promise<void> {
    return this.#work.close();
  }

  /** Waits for a slot where there is a limit; `deliver` has it to its end. */
  async #inSlot(
    context: DeliveryContext,
    deliver: (context: RunContext) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { options } = this.#session;
    if (options.slots === undefined) return deliver(context);
    const slots = await DeliverySlots.begin(options.slots, context.signal);
    if (slots === undefined) return ENDED_EARLY;
    try {
      return await deliver({ ...context, slots });
    } finally {
      slots.end();
    }
  }
}
