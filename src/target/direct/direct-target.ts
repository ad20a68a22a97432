import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { NativeRoot } from '../../addon/addon.ts';
import type { Batch } from '../../model/batch.ts';
import { HINT } from '../../model/event-batch.ts';
import type { Failed, Outcome } from '../../model/outcome.ts';
import { displayPath, pathFromText, pathToBuffer, ROOT_PATH } from '../../model/path-bytes.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { checkLocalTarget, directoryIdentity, isSameDirectory, LocalTargetGuard } from '../local-target.ts';
import type { DirectoryIdentity } from '../local-target.ts';
import { parseTarget } from '../parse-target.ts';
import { deletesFor } from '../delete-policy.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
import type { DirectTargetOptions } from './direct-options.ts';
import { runEngine } from './engine-run.ts';

/** More threads than this wait for the disk, not for a processor. */
const MAX_THREADS = 4;
const NEW_CONTENT = HINT.modified | HINT.created;

/**
 * A local directory that our own file engine brings up to date; no process is started. Throws a SynclineError (TARGET)
 * for a target that is not on this machine.
 */
export function createDirectTarget(options: DirectTargetOptions): Target {
  return new DirectTarget(options);
}

class DirectTarget implements Target {
  readonly name: string;
  readonly capabilities: TargetCapabilities = { moves: true };
  readonly #options: DirectTargetOptions;
  /** Absolute. */
  readonly #path: string;
  readonly #guard: LocalTargetGuard;
  readonly #closing = new AbortController();
  readonly #refusals = new Set<string>();
  #source: DirectoryIdentity | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** The target root is not the one of the last delivery, and has not been compared since. */
  #isNew = false;

  constructor(options: DirectTargetOptions) {
    this.name = options.target;
    this.#options = options;
    const location = parseTarget(options.target);
    if (location.kind !== 'local')
      throw new SynclineError(
        'TARGET',
        `Target ${options.target} is not on this machine.`,
        'Leave out --direct, or give a local directory.',
      );
    this.#path = location.path;
    this.#guard = new LocalTargetGuard(location.path);
  }

  prepare(): Promise<void> {
    return Promise.resolve().then(() => {
      const { source, mkpath = false } = this.#options;
      this.#source = this.#options.sourceIdentity ?? directoryIdentity(pathToBuffer(source));
      if (!this.#source)
        throw new SynclineError('SOURCE', `Source ${displayPath(source)} is not a directory.`);
      checkLocalTarget(source, this.#path, mkpath);
      this.#guard.check();
    });
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    const signal = AbortSignal.any([context.signal, this.#closing.signal]);
    const work = this.#deliver(batch, { signal, report: context.report });
    this.#running = Promise.allSettled([this.#running, work]);
    return work;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    const { addon, source, attributes, filters = {} } = this.#options;
    const { hidden, kept, keptInDeleted } = filters;
    const deletes = deletesFor(this.#options.deletes ?? 'yes', batch.reason);
    const from = this.#checkSource();
    if ('kind' in from) return from;
    const place = this.#openTarget();
    if ('kind' in place) return place;
    const report = await runEngine(
      addon,
      {
        source: rootOf(source, from),
        target: rootOf(pathFromText(this.#path), place),
        attributes,
        deletes,
        ...(hidden && { hidden }),
        ...(kept && { kept }),
        ...(keptInDeleted && { keptInDeleted }),
        moves: batch.moves,
        entries: batch.entries.map(({ path, hints }) => ({ path, newContent: (hints & NEW_CONTENT) !== 0 })),
        subtrees: this.#isNew ? [ROOT_PATH] : batch.subtrees,
        threads: this.#options.threads ?? Math.min(MAX_THREADS, availableParallelism()),
      },
      context,
    );
    const after = this.#checkSource();
    if ('kind' in after) return after;
    if (context.signal.aborted)
      return failed('batch', `The delivery to ${this.name} was ended before it was done.`);
    const target = this.#checkTarget();
    if (target) return target;
    const now = directoryIdentity(this.#path);
    if (!now || !isSameDirectory(now, place))
      return failed('target', `Target ${this.name} was replaced during the delivery.`);
    if (report.failure) return this.#failure(report.failure);
    this.#isNew = false;
    for (const { message } of report.refusals) {
      if (this.#refusals.has(message)) continue;
      this.#refusals.add(message);
      context.report({
        kind: 'notice',
        message: `The target does not take all attributes: ${message} (said once)`,
      });
    }
    const { counts, problems, recheck } = report;
    return { kind: 'delivered', counts, problems, recheck };
  }

  #failure({ scope, message }: { scope: 'batch' | 'target' | 'source'; message: string }): Failed {
    switch (scope) {
      case 'batch':
        return failed('batch', `The delivery to ${this.name} could not be made: ${message}.`);
      case 'source':
        return failed('source', `Source ${displayPath(this.#options.source)}: ${message}.`);
      case 'target':
        return failed(
          'target',
          `Target ${this.name} cannot be written: ${message}.`,
          'Make room there or make it writable; it goes on by itself.',
        );
    }
  }

  /** The source root while it is the directory it was at start: else every name would look deleted. */
  #checkSource(): DirectoryIdentity | Failed {
    const { source } = this.#options;
    const now = directoryIdentity(pathToBuffer(source));
    if (now && this.#source && isSameDirectory(now, this.#source)) return now;
    return failed(
      'source',
      `Source ${displayPath(source)} is ${now ? 'not the directory it was at start' : 'gone'}; nothing is delivered.`,
      'Bring the directory back (mount it), or restart to mirror what is there now.',
    );
  }

  /** The target root, made if it is missing. */
  #openTarget(): DirectoryIdentity | Failed {
    const foreign = this.#checkTarget();
    if (foreign) return foreign;
    const there = directoryIdentity(this.#path);
    if (there) return there;
    try {
      mkdirSync(this.#path, { recursive: this.#options.mkpath ?? false, mode: 0o700 });
    } catch (error) {
      return failed('target', `Target ${this.name} cannot be made: ${(error as Error).message}.`);
    }
    this.#isNew = true;
    const made = directoryIdentity(this.#path);
    return this.#checkTarget() ?? made ?? failed('target', `Target ${this.name} is gone again.`);
  }

  /** Whether the target root is another directory than before is remembered until all of it was compared. */
  #checkTarget(): Failed | undefined {
    const state = this.#guard.check();
    if (typeof state !== 'string') return state;
    if (state === 'new') this.#isNew = true;
    return undefined;
  }
}

function rootOf(path: string, { device, inode }: DirectoryIdentity): NativeRoot {
  return { path, device, inode };
}

function failed(scope: Failed['scope'], message: string, remedy?: string): Failed {
  return { kind: 'failed', scope, message, ...(remedy !== undefined && { remedy }) };
}
