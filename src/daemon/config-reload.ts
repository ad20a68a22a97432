import type { Observable, Subscription } from 'rxjs';
import { ConfigError } from '../config/config-error.ts';
import { SynclineError } from '../model/syncline-error.ts';
import type { Ending } from './end-on-signals.ts';
import type { Log } from './log.ts';
import type { MirrorSet } from './mirror-set.ts';
import type { RunChanger } from './run-frame.ts';
import type { Unable } from './run-parts.ts';
import type { RunPlan } from './target-plan.ts';

/** A configuration that was read again. */
export interface ReadPlan {
  readonly plan: RunPlan;
  /** What to tell of targets in it that cannot work: where it is written, and why. */
  readonly explain: (unable: readonly Unable[]) => ConfigError;
}

/**
 * Reads the configuration again whenever that is asked for, and changes the run over to it. One reload at a time; what is
 * asked for meanwhile is one more after it. A broken configuration is told of, and the one before stays in force.
 */
export class ConfigReload implements RunChanger {
  readonly #read: (signal: AbortSignal) => Promise<ReadPlan>;
  readonly #ending = new AbortController();
  readonly #requests: Subscription;
  #isAsked = false;
  #isBusy = false;
  #run: { readonly mirrors: MirrorSet; readonly log: Log; readonly ending: Ending } | undefined;

  /** `read` throws a SynclineError for a configuration that is wrong; its signal is aborted when nobody waits for it. */
  constructor(requests$: Observable<unknown>, read: (signal: AbortSignal) => Promise<ReadPlan>) {
    this.#read = read;
    this.#requests = requests$.subscribe(() => {
      this.#isAsked = true;
      void this.#work();
    });
  }

  begin(mirrors: MirrorSet, log: Log, ending: Ending): void {
    this.#run = { mirrors, log, ending };
    void this.#work();
  }

  end(): void {
    this.#run = undefined;
    this.#ending.abort();
    this.#requests.unsubscribe();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#isAsked && this.#run !== undefined) {
      this.#isAsked = false;
      const { mirrors, log, ending } = this.#run;
      if (ending.signal() !== undefined) log.info('the configuration is not read again: ending');
      // A bug in it ends the run, which tells.
      else await this.#reload(mirrors, log).catch(() => undefined);
    }
    this.#isBusy = false;
  }

  async #reload(mirrors: MirrorSet, log: Log): Promise<void> {
    const refuse = (error: unknown): void => {
      for (const line of linesOf(error)) log.error(`configuration not reloaded: ${line}`);
    };
    let read: ReadPlan;
    try {
      read = await this.#read(this.#ending.signal);
    } catch (error) {
      if (!this.#ending.signal.aborted) refuse(error);
      return;
    }
    // The run may have ended meanwhile.
    if (this.#run === undefined) return;
    const unable = await mirrors.change(read.plan);
    if (unable.length > 0) refuse(read.explain(unable));
  }
}

function linesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.lines;
  if (error instanceof SynclineError) return [error.inOneLine];
  return [error instanceof Error ? error.message : String(error)];
}
