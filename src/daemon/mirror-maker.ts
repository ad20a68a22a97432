import { rsyncFilter } from '../filter/rsync-filter.ts';
import { pathFromText, pathToBuffer } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { KnownTarget } from '../target/known-target.ts';
import { directoryIdentity, type DirectoryIdentity } from '../target/local-target.ts';
import type { DeliveryContext, Target } from '../target/target.ts';
import { checkDirectory } from './check-directory.ts';
import { createTarget } from './create-target.ts';
import { checkHooks, DeliveryHooks } from './delivery-hooks.ts';
import { createDeliveryLog } from './delivery-log.ts';
import { withFields } from './log.ts';
import type { RunCounts, RunParts, Unable } from './run-parts.ts';
import { TargetMirror } from './target-mirror.ts';
import type { TargetPlan } from './target-plan.ts';

/** A mirror with what is to be known to make its target anew. */
export interface MadeMirror {
  /** By which it was made. */
  readonly plan: TargetPlan;
  readonly mirror: TargetMirror;
  /** Tells what its target reports. */
  readonly report: DeliveryContext['report'];
  readonly known: KnownTarget;
  /** Which directory the source was when it was first mirrored. */
  readonly identity: DirectoryIdentity | undefined;
}

/** Makes the mirrors of a run of what they share, and knows all that there are. */
export class MirrorMaker {
  readonly #parts: RunParts;
  readonly #counts: RunCounts;
  readonly #made = new Set<MadeMirror>();

  /** `counts` may change. */
  constructor(parts: RunParts, counts: RunCounts) {
    this.#parts = parts;
    this.#counts = counts;
  }

  /** Starts nothing. Throws a SynclineError (TARGET, USAGE) for options that can never work. */
  make(plan: TargetPlan): MadeMirror {
    const { options } = plan;
    const source = pathFromText(options.sourcePath);
    const { environment, ending } = this.#parts;
    checkHooks(options.hooks);
    const known = new KnownTarget();
    const others = [...this.#made].filter((one) => one.plan.options.sourcePath === options.sourcePath);
    // One that is another directory by now is held for all its targets alike.
    const identity = others[0] === undefined ? directoryIdentity(pathToBuffer(source)) : others[0].identity;
    const own: { mirror?: TargetMirror } = {};
    const target = this.#target(plan, known, identity, () => own.mirror?.tryAgain());
    const log = withFields(this.#parts.log, () => ({
      ...(this.#counts.targets > 1 ? { target: target.name } : {}),
      ...(this.#counts.sources > 1 ? { source: options.sourcePath } : {}),
    }));
    const deliveries = createDeliveryLog(log, this.#parts.targetProgress(), options.dryRun);
    const mirror = new TargetMirror({
      target,
      options,
      maxPendingEntries: this.#parts.maxPendingEntries(Math.max(1, this.#counts.targets)),
      log,
      deliveries,
      hooks: new DeliveryHooks({
        hooks: options.hooks,
        source,
        target: target.name,
        environment,
        log,
        abort: ending.abort,
      }),
      ending,
      status: this.#parts.board.entry({
        source: options.sourcePath,
        target: target.name,
        rules: options.filterArguments,
      }),
    });
    own.mirror = mirror;
    const made = { plan, mirror, known, identity, report: deliveries.event };
    this.#made.add(made);
    return made;
  }

  /** A target for the same place by other options, prepared. Throws a SynclineError when it cannot work. */
  async remake({ known, identity, mirror, report }: MadeMirror, plan: TargetPlan): Promise<Target> {
    checkHooks(plan.options.hooks);
    const target = this.#target(plan, known, identity, () => {
      mirror.tryAgain();
    });
    try {
      await target.prepare({ signal: this.#parts.ending.abort, report });
    } catch (error) {
      await target.close();
      throw error;
    }
    return target;
  }

  /** Looks at both ends of each; gives those that cannot work. */
  async prepare(all: readonly MadeMirror[]): Promise<readonly Unable[]> {
    const results = await Promise.allSettled(
      all.map(async ({ plan, mirror }) => {
        checkDirectory(plan.options.sourcePath);
        await mirror.prepare();
      }),
    );
    return results.flatMap((result, index): Unable[] => {
      const plan = all[index]?.plan;
      if (plan === undefined || result.status === 'fulfilled') return [];
      if (!(result.reason instanceof SynclineError)) throw result.reason;
      return [{ plan, error: result.reason }];
    });
  }

  /** Ends it with all its children. */
  async unmake(made: MadeMirror): Promise<void> {
    await made.mirror.close();
    this.#made.delete(made);
  }

  /** The same for all. */
  async close(): Promise<void> {
    await Promise.all([...this.#made].map((made) => this.unmake(made)));
  }

  #target(
    { place, options, rules }: TargetPlan,
    known: KnownTarget,
    sourceIdentity: DirectoryIdentity | undefined,
    onReachable: () => void,
  ): Target {
    const { addon, environment, masters, tunnels, slots, ending } = this.#parts;
    const filter = rsyncFilter(rules);
    const source = pathFromText(options.sourcePath);
    const filterArguments = filter.arguments;
    const shared = {
      source,
      sourceIdentity,
      rules,
      filterArguments,
      addon,
      environment,
      masters,
      tunnels,
      onReachable,
      slots,
      known,
      terminate: (exitStatus: number) => {
        ending.terminate(exitStatus);
      },
    };
    try {
      return closedWith(createTarget(place, options, shared), () => {
        filter.close();
      });
    } catch (error) {
      filter.close();
      throw error;
    }
  }
}

/** The same target; `close` is called when it has been closed. */
function closedWith(target: Target, close: () => void): Target {
  return {
    name: target.name,
    capabilities: target.capabilities,
    prepare: (context) => target.prepare(context),
    begin: () => target.begin?.(),
    deliver: (batch, context) => target.deliver(batch, context),
    close: async () => {
      await target.close();
      close();
    },
  };
}
