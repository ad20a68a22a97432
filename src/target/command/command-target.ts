import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
import { WorkUnderWay } from '../work-under-way.ts';
import type { CommandTargetOptions } from './command-options.ts';
import { CommandSession } from './command-session.ts';
import { commandTaker } from './command-taker.ts';
import { deliverEvents } from './event-delivery.ts';

/** A target that tells what happens to programs of the user's, which do with it what they want. */
export function createCommandTarget(options: CommandTargetOptions): Target {
  return new CommandTarget(options);
}

class CommandTarget implements Target {
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  readonly #session: CommandSession;
  readonly #work = new WorkUnderWay();

  constructor(options: CommandTargetOptions) {
    this.#session = new CommandSession(options);
    this.name = this.#session.name;
    this.capabilities = { moves: this.#session.books.mayMove };
  }

  prepare(context: DeliveryContext): Promise<void> {
    return this.#work.run(context, () => this.#session.prepare());
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    return this.#work.run(context, (until) => {
      const taker = commandTaker(this.#session, batch, until);
      return deliverEvents(this.#session.books, taker, batch, until);
    });
  }

  close(): Promise<void> {
    return this.#work.close();
  }
}
