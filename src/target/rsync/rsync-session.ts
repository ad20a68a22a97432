import { closeSync, opendirSync, openSync } from 'node:fs';
import type { Failed } from '../../model/outcome.ts';
import { displayPath, pathFromText, pathToBuffer } from '../../model/path-bytes.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { DeleteGuard } from '../delete-guard.ts';
import type { DeliverySlots } from '../process-slots.ts';
import type { DeliveryContext, DeliveryEvent } from '../target.ts';
import { checkLocalTarget, directoryIdentity, isSameDirectory, LocalTargetGuard } from './local-target.ts';
import type { DirectoryIdentity } from './local-target.ts';
import { findLauncher } from './launcher.ts';
import { parseTarget, targetArgument } from './parse-target.ts';
import type { RsyncLocation } from './parse-target.ts';
import { keepsNanoseconds, probeMissingArgs, probeNanoseconds, probeSample } from './probe.ts';
import { ARCHIVE_ATTRIBUTES, runArguments } from './rsync-arguments.ts';
import type { CommonArguments, OwnArguments } from './rsync-arguments.ts';
import { DEFAULT_TIMEOUT_SECONDS } from './rsync-options.ts';
import type { RsyncTargetOptions } from './rsync-options.ts';
import { emptyReport, runRsync } from './rsync-run.ts';
import type { RunReport } from './rsync-run.ts';
import { findRsync } from './rsync-version.ts';

/** The descriptor of the source root in the child, used where its name is not UTF-8 and so cannot be an argument. */
const SOURCE_DESCRIPTOR = 3;
const SOURCE_DESCRIPTOR_PATH = `/proc/self/fd/${SOURCE_DESCRIPTOR}`;

/** The outcome of what was to be ended before there was a slot for it. */
export const ENDED_EARLY: Failed = { kind: 'failed', scope: 'batch', message: 'ended before it was begun' };

/** What one run is asked to do, beside what all runs have in common. */
export interface SessionRun {
  readonly own: OwnArguments;
  readonly input?: Iterable<Buffer>;
}

/** What is known of both ends of one target, and how to run rsync between them. */
export class RsyncSession {
  readonly options: RsyncTargetOptions;
  readonly location: RsyncLocation;
  /** Whether missing names may be listed; undefined until the receiver was asked, and after it was out of reach. */
  missingArgs: boolean | undefined;
  /** A batch has been delivered before. */
  hasWorked = false;
  /** The target was out of reach: it may be another one when it is back. */
  mayHaveChanged = false;
  /** The target is not as we left it: everything is to be compared, until a delivery has done so. */
  needsCompare = false;
  /** Of the delivery under way; undefined without a limit for all targets. */
  slots: DeliverySlots | undefined;
  readonly deleteGuard: DeleteGuard;
  readonly #guard: LocalTargetGuard | undefined;
  readonly #program: string;
  #launcher: readonly string[] = [];
  readonly #refusals = new Set<string>();
  #identity: DirectoryIdentity | undefined;
  #common: CommonArguments | undefined;
  #keepsNanoseconds = false;

  constructor(options: RsyncTargetOptions) {
    this.options = options;
    this.location = parseTarget(options.target);
    this.#program = options.rsyncProgram ?? 'rsync';
    this.#identity = options.sourceIdentity;
    this.deleteGuard = new DeleteGuard({ ...options, targetName: options.target });
    this.#guard = this.location.kind === 'local' ? new LocalTargetGuard(this.location.path) : undefined;
  }

  /** Looks at this end only. Throws a SynclineError (SOURCE, TARGET, RSYNC_MISSING, RSYNC_TOO_OLD). */
  async prepare(context: DeliveryContext): Promise<void> {
    const { source, environment, mkpath = false } = this.options;
    this.#identity ??= directoryIdentity(pathToBuffer(source));
    if (!this.#identity)
      throw new SynclineError('SOURCE', `Source ${displayPath(source)} is not a directory.`);
    const version = await findRsync(this.#program, environment, context.signal);
    this.#launcher = await findLauncher(environment, context.signal);
    this.#common = {
      ...this.options,
      location: this.location,
      version,
      attributes: { ...ARCHIVE_ATTRIBUTES, ...this.options.attributes },
      filterArguments: this.options.filterArguments ?? [],
      extraArguments: this.options.extraArguments ?? [],
      timeoutSeconds: this.options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
      hasOwnRemoteShell: environment.RSYNC_RSH !== undefined,
    };
    if (this.location.kind === 'local') checkLocalTarget(source, this.location.path, mkpath);
    this.#guard?.check();
  }

  /**
   * To be asked before each delivery. `new`: the target was made anew, emptied, or is another one after it was out of
   * reach, and all has to be compared. Asks the receiver about missing names the first time that `deletes` needs it.
   */
  async check(deletes: boolean, context: DeliveryContext): Promise<'same' | 'new' | Failed> {
    const foreign = this.#checkSource();
    if (foreign) return foreign;
    const state = (await this.#checkTarget(context)) ?? 'same';
    if (state !== 'same' && state !== 'new') return state;
    this.needsCompare ||= state === 'new';
    if (deletes && this.missingArgs === undefined) {
      const quiet = onlyCommands(context);
      const common = { ...this.#needCommon(), filterArguments: [] };
      const answer = await probeMissingArgs((source, own, input) =>
        this.#run(source, [], { own: { first: own }, input: [input] }, common, quiet),
      );
      if (typeof answer !== 'boolean') return answer;
      this.missingArgs = answer;
    }
    return this.needsCompare ? 'new' : 'same';
  }

  /** Looks for signs that the target is not the one that was delivered to before. */
  async #checkTarget(context: DeliveryContext): Promise<'same' | 'new' | Failed | undefined> {
    const state = this.#guard?.check();
    if ((state !== undefined && state !== 'same') || !this.hasWorked) return state;
    if (this.location.kind === 'local')
      return isEmptyDirectory(this.location.path) && !this.sourceIsEmpty() ? 'new' : 'same';
    if (!this.mayHaveChanged) return 'same';
    const answer = await probeSample(this.options.source, (own, input) =>
      this.run({ own: { first: own }, input: [input] }, onlyCommands(context)),
    );
    if (answer === 'same' || answer === 'new') this.mayHaveChanged = false;
    return answer;
  }

  /** A batch has been delivered. */
  delivered(): void {
    this.#guard?.accept(this.needsCompare);
    this.hasWorked = true;
    this.needsCompare = false;
  }

  /** Whether times may be compared below the second. Asks the target until it has been seen to keep them. */
  async keepsNanoseconds(context: DeliveryContext): Promise<boolean> {
    if (this.#keepsNanoseconds) return true;
    const { source } = this.options;
    this.#keepsNanoseconds =
      this.location.kind === 'local'
        ? keepsNanoseconds(source, this.location.path)
        : await probeNanoseconds(source, (own, input) =>
            this.run({ own: { first: own }, input: [input] }, onlyCommands(context)),
          );
    return this.#keepsNanoseconds;
  }

  /**
   * Runs rsync from the source root to the target, as soon as there is a slot for it and after making sure that the
   * source is still the same directory.
   */
  async run(request: SessionRun, context: DeliveryContext): Promise<RunReport> {
    const release = this.slots === undefined ? () => undefined : await this.slots.acquire(context.signal);
    if (release === undefined) return emptyReport(ENDED_EARLY);
    try {
      return await this.#runNow(request, context);
    } finally {
      release();
    }
  }

  async #runNow(request: SessionRun, context: DeliveryContext): Promise<RunReport> {
    const foreign = this.#checkSource();
    if (foreign) return emptyReport(foreign);
    const { source } = this.options;
    const text = pathToBuffer(source).toString('utf8');
    if (pathFromText(text) === source)
      return this.#afterRun(
        await this.#run(source === '/' ? '/' : `${text}/`, [], request, this.#needCommon(), context),
        context,
      );
    const descriptor = openSync(pathToBuffer(source), 'r');
    try {
      const report = await this.#run(
        `${SOURCE_DESCRIPTOR_PATH}/`,
        [descriptor],
        request,
        this.#needCommon(),
        context,
      );
      return this.#afterRun(report, context);
    } finally {
      closeSync(descriptor);
    }
  }

  #run(
    source: string,
    descriptors: readonly number[],
    request: SessionRun,
    common: CommonArguments,
    context: DeliveryContext,
  ): Promise<RunReport> {
    const timeoutMs = common.timeoutSeconds * 1000;
    return runRsync(
      {
        targetName: this.options.target,
        hasWorked: this.hasWorked,
        source: this.options.source,
        reportedRoots: this.#reportedRoots(),
      },
      {
        launcher: this.#launcher,
        program: this.#program,
        arguments: [...runArguments(common, request.own), source, targetArgument(this.location)],
        environment: this.options.environment,
        ...(request.input ? { input: request.input } : {}),
        idleTimeoutMs: timeoutMs,
        descriptors,
        signal: context.signal,
      },
      context.report,
    );
  }

  #afterRun(report: RunReport, context: DeliveryContext): RunReport {
    for (const message of report.refusals) {
      const subject = message.slice(message.lastIndexOf(': ') + 2);
      if (this.#refusals.has(subject)) continue;
      this.#refusals.add(subject);
      context.report({
        kind: 'notice',
        message: `The target does not take all attributes: ${message} (said once)`,
      });
    }
    if (report.verdict.kind !== 'sourceSuspect') return report;
    return {
      ...report,
      verdict: this.#checkSource() ?? {
        kind: 'failed',
        scope: 'batch',
        message: `rsync to ${this.options.target} could not enter the source directory.`,
      },
    };
  }

  /** True when the source root can be read and holds nothing. */
  sourceIsEmpty(): boolean {
    return isEmptyDirectory(pathToBuffer(this.options.source));
  }

  /** Undefined while the source root is the directory it was at start: else every name would look deleted. */
  #checkSource(): Failed | undefined {
    const { source } = this.options;
    const now = directoryIdentity(pathToBuffer(source));
    if (now && this.#identity && isSameDirectory(now, this.#identity)) return undefined;
    return {
      kind: 'failed',
      scope: 'source',
      message: `Source ${displayPath(source)} is ${now ? 'not the directory it was at start' : 'gone'}; nothing is delivered.`,
      remedy: 'Bring the directory back (mount it), or restart to mirror what is there now.',
    };
  }

  #reportedRoots(): readonly string[] {
    const { location } = this;
    const { source } = this.options;
    const far =
      location.kind === 'daemon' ? [location.path === '' ? '' : `/${location.path}`] : [location.path];
    return [
      source,
      SOURCE_DESCRIPTOR_PATH,
      ...far.map((path) => pathFromText(path) as string).filter((path) => path.startsWith('/')),
    ];
  }

  #needCommon(): CommonArguments {
    if (!this.#common) throw new Error('rsync target: used before prepare');
    return this.#common;
  }
}

/** False for what is no directory or cannot be read. */
function isEmptyDirectory(path: string | Buffer): boolean {
  try {
    const directory = opendirSync(path, { bufferSize: 1 });
    try {
      return directory.readSync() === null;
    } finally {
      directory.closeSync();
    }
  } catch {
    return false;
  }
}

/** For probes, whose dry runs change nothing that would be worth a line. */
function onlyCommands(context: DeliveryContext): DeliveryContext {
  const report = (event: DeliveryEvent): void => {
    if (event.kind === 'command') context.report(event);
  };
  return { signal: context.signal, report };
}
