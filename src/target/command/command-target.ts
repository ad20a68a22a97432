import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
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
  readonly #closing = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: CommandTargetOptions) {
    this.#session = new CommandSession(options);
    this.name = this.#session.name;
    this.capabilities = { moves: this.#session.books.mayMove };
  }

  prepare(context: DeliveryContext): Promise<void> {
    return this.#track(this.#session.prepare(this.#until(context).signal));
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    const until = this.#until(context);
    const taker = commandTaker(this.#session, batch, until);
    return this.#track(deliverEvents(this.#session.books, taker, batch, until));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  #until(context: DeliveryContext): DeliveryContext {
    return { report: context.report, signal: AbortSignal.any([context.signal, this.#closing.signal]) };
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#running = Promise.allSettled([this.#running, work]);
    return work;
  }
}
