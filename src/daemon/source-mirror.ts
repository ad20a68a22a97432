import type { NativeAddon } from '../addon/addon.ts';
import type { FilterRules } from '../filter/filter-rules.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { type RsyncFilter, rsyncFilter } from '../filter/rsync-filter.ts';
import type { EventBatch } from '../model/event-batch.ts';
import { pathFromText, type PathBytes, pathToBuffer } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { directoryIdentity } from '../target/local-target.ts';
import type { ProcessSlots } from '../target/process-slots.ts';
import type { SshMasters } from '../target/ssh/ssh-masters.ts';
import { checkDirectory } from './check-directory.ts';
import { createTarget } from './create-target.ts';
import { checkHooks, DeliveryHooks } from './delivery-hooks.ts';
import { createDeliveryLog } from './delivery-log.ts';
import type { Ending } from './end-on-signals.ts';
import { type Log, withFields } from './log.ts';
import type { MirrorOptions, TargetPlace } from './mirror-options.ts';
import type { ProgramIo } from './program-io.ts';
import type { Progress } from './progress.ts';
import type { SourceEvents, WatchedSource } from './source-events.ts';
import type { StatusBoard } from './status-board.ts';
import { TargetMirror } from './target-mirror.ts';
import { createRootLog, createWatchLog } from './watch-log.ts';

/** What all mirrors of one process share. */
export interface RunParts {
  readonly addon: NativeAddon;
  readonly log: Log;
  readonly board: StatusBoard;
  /** There are others: every line says which source it is about. */
  readonly namesSource: boolean;
  /** The same for targets. */
  readonly namesTarget: boolean;
  /** Progress of one watch, and of one target. */
  readonly watchProgress: () => Progress;
  readonly targetProgress: () => Progress;
  readonly maxPendingEntries: number;
  readonly slots: ProcessSlots | undefined;
  readonly masters: SshMasters;
  readonly environment: ProgramIo['environment'];
  readonly ending: Ending;
}

/** A target that cannot work, and why. */
export interface Unable {
  readonly mirror: TargetMirror;
  readonly error: SynclineError;
}

/** One source with all its targets. What goes wrong here is no concern of the other sources. */
export class SourceMirror implements WatchedSource {
  readonly options: MirrorOptions;
  readonly path: PathBytes;
  readonly rules: FilterRules;
  readonly seeWatch: (batch: EventBatch) => void;
  readonly seeNested: (batch: EventBatch) => void;
  readonly #parts: RunParts;
  readonly #log: Log;
  readonly #rsyncRules: RsyncFilter;
  #mirrors: readonly TargetMirror[] = [];
  #ready: readonly TargetMirror[] = [];

  /** Throws a SynclineError (FILTER, USAGE) for what can never work; starts nothing. */
  constructor(options: MirrorOptions, parts: RunParts) {
    this.options = options;
    this.path = pathFromText(options.sourcePath);
    this.rules = parseRules(options.filterArguments, parts.addon);
    checkHooks(options.hooks);
    this.#parts = parts;
    this.#log = parts.namesSource ? withFields(parts.log, { source: options.sourcePath }) : parts.log;
    this.seeWatch = createWatchLog(this.#log, parts.watchProgress());
    this.seeNested = createRootLog(this.#log);
    this.#rsyncRules = rsyncFilter(this.rules);
  }

  /** Targets that can work. */
  get ready(): readonly TargetMirror[] {
    return this.#ready;
  }

  /** To be called once, before the others. Throws a SynclineError (TARGET, USAGE) for options that can never work. */
  createTargets(): void {
    this.#mirrors = this.options.targets.map((place) => this.#createMirror(place));
  }

  /** Looks at both ends; gives the targets that cannot work, which are then left out. */
  async prepare(): Promise<readonly Unable[]> {
    const unusable = asSynclineError(() => {
      checkDirectory(this.options.sourcePath);
    });
    if (unusable !== undefined) return this.#mirrors.map((mirror) => ({ mirror, error: unusable }));
    const results = await Promise.allSettled(this.#mirrors.map((mirror) => mirror.prepare()));
    const unable = results.flatMap((result, index): Unable[] => {
      const mirror = this.#mirrors[index];
      if (mirror === undefined || result.status === 'fulfilled') return [];
      if (!(result.reason instanceof SynclineError)) throw result.reason;
      return [{ mirror, error: result.reason }];
    });
    this.#ready = this.#mirrors.filter((mirror) => unable.every((one) => one.mirror !== mirror));
    return unable;
  }

  /** Keeps all targets equal until a signal comes or none can work any more. Subscribes to the events at once. */
  async keepEqual(events: SourceEvents): Promise<void> {
    await Promise.all(this.#ready.map((mirror) => mirror.keepEqual(events)));
  }

  /** The only sync of each target, side by side; resolves with true when everything was delivered to all. */
  async syncOnce(): Promise<boolean> {
    const done = await Promise.all(this.#ready.map((mirror) => mirror.syncOnce()));
    return done.length === this.#mirrors.length && done.every(Boolean);
  }

  /** Ends all children; afterwards none is left. */
  async close(): Promise<void> {
    await Promise.all(this.#mirrors.map((mirror) => mirror.close()));
    this.#rsyncRules.close();
  }

  #createMirror(place: TargetPlace): TargetMirror {
    const { options } = this;
    const { environment, slots, masters, ending, maxPendingEntries, namesTarget, targetProgress } =
      this.#parts;
    const shared = {
      source: this.path,
      sourceIdentity: directoryIdentity(pathToBuffer(this.path)),
      rules: this.rules,
      filterArguments: this.#rsyncRules.arguments,
      addon: this.#parts.addon,
      environment,
      masters,
      slots,
      terminate: (exitStatus: number) => {
        ending.terminate(exitStatus);
      },
    };
    const target = createTarget(place, options, shared);
    const { name } = target;
    const log = namesTarget ? withFields(this.#log, { target: name }) : this.#log;
    const deliveries = createDeliveryLog(log, targetProgress(), options.dryRun);
    const hooks = new DeliveryHooks({
      hooks: options.hooks,
      source: this.path,
      target: name,
      environment,
      log,
      abort: ending.abort,
    });
    const status = this.#parts.board.add({
      source: options.sourcePath,
      target: name,
      rules: options.filterArguments,
    });
    return new TargetMirror({ target, options, maxPendingEntries, log, deliveries, hooks, ending, status });
  }
}

function asSynclineError(check: () => void): SynclineError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof SynclineError) return error;
    throw error;
  }
}
