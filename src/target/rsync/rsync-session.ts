import { closeSync, openSync } from 'node:fs';
import type { Failed } from '../../model/outcome.ts';
import { pathFromText, pathToBuffer } from '../../model/path-bytes.ts';
import { DeleteGuard } from '../delete-guard.ts';
import type { DeliverySlots } from '../process-slots.ts';
import { SourceGuard } from '../source-guard.ts';
import type { DeliveryContext, DeliveryEvent } from '../target.ts';
import { KnownTarget } from '../known-target.ts';
import { checkLocalTarget, isEmptyDirectory, type LocalTargetGuard } from '../local-target.ts';
import { AskedOnce } from './asked-once.ts';
import { findLauncher } from './launcher.ts';
import { parseTarget, targetArgument } from '../parse-target.ts';
import type { RsyncLocation } from '../parse-target.ts';
import { keepsNanoseconds, probeMissingArgs, probeNanoseconds, probeSample } from './probe.ts';
import { ARCHIVE_ATTRIBUTES, runArguments } from './rsync-arguments.ts';
import type { CommonArguments, OwnArguments } from './rsync-arguments.ts';
import { DEFAULT_TIMEOUT_SECONDS } from './rsync-options.ts';
import type { RsyncTargetOptions } from './rsync-options.ts';
import { emptyReport, runRsync } from './rsync-run.ts';
import type { RunReport } from './rsync-run.ts';
import { findRsync, type RsyncVersion } from './rsync-version.ts';

/** The descriptor of the source root in the child, used where its name is not UTF-8 and so cannot be an argument. */
const SOURCE_DESCRIPTOR = 3;
const SOURCE_DESCRIPTOR_PATH = `/proc/self/fd/${SOURCE_DESCRIPTOR}`;

const versions = new AskedOnce<RsyncVersion>(() => true);
/** Of receivers on this machine, which are the same program. */
const localMissingArgs = new AskedOnce<boolean | Failed>((answer) => typeof answer === 'boolean');

/** The outcome of what was to be ended before there was a slot for it. */
export const ENDED_EARLY: Failed = { kind: 'failed', scope: 'batch', message: 'ended before it was begun' };

/** What one run is asked to do, beside what all runs have in common. */
export interface SessionRun {
  readonly own: OwnArguments;
  readonly input?: Iterable<Buffer>;
}

/** From where to where, as arguments of rsync. */
interface RunEnds {
  readonly source: string;
  readonly target: string;
  /** From {@link SOURCE_DESCRIPTOR} on. */
  readonly descriptors: readonly number[];
}

/** What belongs to one delivery. */
export interface RunContext extends DeliveryContext {
  /** Where its runs get their slots from; without a limit, nowhere. */
  readonly slots?: DeliverySlots;
  /** It delivers nothing, so that no exit code counts as a success by the user's word. */
  readonly isProbe?: true;
}

/** What is known of both ends of one target, and how to run rsync between them. */
export class RsyncSession {
  readonly options: RsyncTargetOptions;
  readonly location: RsyncLocation;
  /** Whether missing names may be listed; undefined until the receiver was asked, and after it was out of reach. */
  missingArgs: boolean | undefined;
  readonly known: KnownTarget;
  readonly deleteGuard: DeleteGuard;
  readonly #guard: LocalTargetGuard | undefined;
  readonly #program: string;
  #launcher: readonly string[] = [];
  readonly #refusals = new Set<string>();
  readonly #source: SourceGuard;
  #common: CommonArguments | undefined;
  #keepsNanoseconds = false;

  constructor(options: RsyncTargetOptions) {
    this.options = options;
    this.location = locationNow(options);
    this.known = options.known ?? new KnownTarget();
    this.#program = options.rsyncProgram ?? 'rsync';
    this.#source = new SourceGuard(options.source, options.sourceIdentity);
    this.deleteGuard = new DeleteGuard({ ...options, targetName: options.target });
    this.#guard = this.location.kind === 'local' ? this.known.guardAt(this.location.path) : undefined;
  }

  /** Looks at this end only. Throws a SynclineError (SOURCE, TARGET, RSYNC_MISSING, RSYNC_TOO_OLD). */
  async prepare(context: RunContext): Promise<void> {
    const { source, environment, mkpath } = this.options;
    this.#source.open();
    const { signal } = context;
    const find = (): Promise<RsyncVersion> => findRsync(this.#program, environment, signal);
    const asked = [versions.get(this.#programKey(), find, signal), findLauncher(environment)] as const;
    const [version, launcher] = await Promise.all(asked);
    this.#launcher = launcher;
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
    if (this.#guard?.check() === 'new') this.known.needsCompare = true;
  }

  /**
   * To be asked before each delivery. `new`: the target was made anew, emptied, or is another one after it was out of
   * reach, and all has to be compared. Asks the receiver about missing names the first time that `deletes` needs it.
   */
  async check(deletes: boolean, context: RunContext): Promise<'same' | 'new' | Failed> {
    const foreign = this.#source.check();
    if (foreign) return foreign;
    const state = (await this.#checkTarget(context)) ?? 'same';
    if (state !== 'same' && state !== 'new') return state;
    this.known.needsCompare ||= state === 'new';
    if (deletes && this.missingArgs === undefined) {
      const answer = await this.#askMissingArgs(onlyCommands(context));
      if (typeof answer !== 'boolean') return answer;
      this.missingArgs = answer;
    }
    return this.known.needsCompare ? 'new' : 'same';
  }

  #askMissingArgs(context: RunContext): Promise<boolean | Failed> {
    const common = { ...this.#needCommon(), filterArguments: [] };
    const isLocal = this.location.kind === 'local';
    const ask = (): Promise<boolean | Failed> =>
      probeMissingArgs((directory, own, input) => {
        // A target of this machine may hang, and others wait for this answer.
        const target = isLocal ? `${directory}target/` : targetArgument(locationNow(this.options));
        const request = { own: { first: own }, input: [input] };
        return this.#run({ source: directory, target, descriptors: [] }, request, common, context);
      });
    return isLocal ? localMissingArgs.get(this.#programKey(), ask, context.signal) : ask();
  }

  /** What answers of the rsync of this machine depend on. */
  #programKey(): string {
    return `${this.options.environment.PATH ?? ''}\0${this.#program}`;
  }

  /** Looks for signs that the target is not the one that was delivered to before. */
  async #checkTarget(context: RunContext): Promise<'same' | 'new' | Failed | undefined> {
    const state = this.#guard?.check();
    if ((state !== undefined && state !== 'same') || !this.known.hasWorked) return state;
    if (this.location.kind === 'local')
      return isEmptyDirectory(this.location.path) && !this.sourceIsEmpty() ? 'new' : 'same';
    if (!this.known.mayHaveChanged) return 'same';
    const answer = await probeSample(this.options.source, (own, input) =>
      this.run({ own: { first: own }, input: [input] }, onlyCommands(context)),
    );
    if (answer === 'same' || answer === 'new') this.known.mayHaveChanged = false;
    return answer;
  }

  /** A batch has been delivered. */
  delivered(): void {
    this.#guard?.accept(this.known.needsCompare);
    this.known.hasWorked = true;
    this.known.needsCompare = false;
  }

  /** Whether times may be compared below the second. Asks the target until it has been seen to keep them. */
  async keepsNanoseconds(context: RunContext): Promise<boolean> {
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
  async run(request: SessionRun, context: RunContext): Promise<RunReport> {
    const release =
      context.slots === undefined ? () => undefined : await context.slots.acquire(context.signal);
    if (release === undefined) return emptyReport(ENDED_EARLY);
    try {
      return await this.#runNow(request, context);
    } finally {
      release();
    }
  }

  async #runNow(request: SessionRun, context: RunContext): Promise<RunReport> {
    const foreign = this.#source.check();
    if (foreign) return emptyReport(foreign);
    const { source } = this.options;
    const common = this.#needCommon();
    const target = targetArgument(locationNow(this.options));
    const text = pathToBuffer(source).toString('utf8');
    if (pathFromText(text) === source) {
      const ends = { source: source === '/' ? '/' : `${text}/`, target, descriptors: [] };
      return this.#afterRun(await this.#run(ends, request, common, context), context);
    }
    const descriptor = openSync(pathToBuffer(source), 'r');
    try {
      const ends = { source: `${SOURCE_DESCRIPTOR_PATH}/`, target, descriptors: [descriptor] };
      return this.#afterRun(await this.#run(ends, request, common, context), context);
    } finally {
      closeSync(descriptor);
    }
  }

  #run(
    { source, target, descriptors }: RunEnds,
    request: SessionRun,
    common: CommonArguments,
    context: RunContext,
  ): Promise<RunReport> {
    const timeoutMs = common.timeoutSeconds * 1000;
    return runRsync(
      {
        targetName: this.options.target,
        hasWorked: this.known.hasWorked,
        mkpath: this.options.mkpath,
        exitCodes: context.isProbe === true ? { ...this.options.exitCodes, ok: [] } : this.options.exitCodes,
        source: this.options.source,
        reportedRoots: this.#reportedRoots(),
      },
      {
        launcher: this.#launcher,
        program: this.#program,
        arguments: [...runArguments(common, request.own), source, target],
        environment: this.options.environment,
        ...(request.input ? { input: request.input } : {}),
        idleTimeoutMs: timeoutMs,
        descriptors,
        signal: context.signal,
      },
      context.report,
    );
  }

  #afterRun(report: RunReport, context: RunContext): RunReport {
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
      verdict: this.#source.check() ?? {
        kind: 'failed',
        scope: 'batch',
        message: `rsync to ${this.options.target} could not enter the source directory.`,
      },
    };
  }

  /** True when the source root can be read and holds nothing. */
  sourceIsEmpty(): boolean {
    return this.#source.isEmpty();
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

function locationNow({ target, targetNow }: RsyncTargetOptions): RsyncLocation {
  return parseTarget(targetNow?.() ?? target);
}

/** For probes, whose dry runs change nothing that would be worth a line. */
function onlyCommands(context: RunContext): RunContext {
  const report = (event: DeliveryEvent): void => {
    if (event.kind === 'command') context.report(event);
  };
  return { ...context, report, isProbe: true };
}
