import { mkdirSync } from 'node:fs';
import type { NativeRoot } from '../../addon/addon.ts';
import type { Failed } from '../../model/outcome.ts';
import { pathFromText } from '../../model/path-bytes.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { KnownTarget } from '../known-target.ts';
import { checkLocalTarget, directoryIdentity, isEmptyDirectory } from '../local-target.ts';
import type { DirectoryIdentity, LocalTargetGuard } from '../local-target.ts';
import { parseTarget } from '../parse-target.ts';
import { SourceGuard } from '../source-guard.ts';
import type { DirectTargetOptions } from './direct-options.ts';

/** Both roots of a delivery, as they were found before it. */
export interface OpenRoots {
  readonly source: NativeRoot;
  /** Undefined in a dry run where there is none. */
  readonly target: NativeRoot | undefined;
}

/** The source root and the target root of a direct target: which directories they are, and whether they still are. */
export class DirectRoots {
  /** The target root: absolute. */
  readonly targetPath: string;
  readonly #options: DirectTargetOptions;
  readonly #known: KnownTarget;
  readonly #guard: LocalTargetGuard;
  readonly #source: SourceGuard;

  /** Throws a SynclineError (TARGET) for a target that is not on this machine. */
  constructor(options: DirectTargetOptions) {
    const location = parseTarget(options.target);
    if (location.kind !== 'local')
      throw new SynclineError(
        'TARGET',
        `Target ${options.target} is not on this machine.`,
        'Give a local directory, or mirror to it by rsync.',
      );
    this.#options = options;
    this.targetPath = location.path;
    this.#known = options.known ?? new KnownTarget();
    this.#guard = this.#known.guardAt(location.path);
    this.#source = new SourceGuard(options.source, options.sourceIdentity);
  }

  /** Changes nothing. Throws a SynclineError (SOURCE, TARGET) when this pair cannot be mirrored. */
  prepare(): void {
    const { source, mkpath } = this.#options;
    this.#source.open();
    checkLocalTarget(source, this.targetPath, mkpath);
    if (this.#guard.check() === 'new') this.#known.needsCompare = true;
  }

  /** The target root is not the one of the last delivery, or was emptied, and has not been compared since. */
  get needsCompare(): boolean {
    return this.#known.needsCompare;
  }

  /** True when the source root can be read and holds nothing. */
  sourceIsEmpty(): boolean {
    return this.#source.isEmpty();
  }

  /** To be asked before each delivery. Makes the target root if it is missing, unless it is a dry run. */
  open(): OpenRoots | Failed {
    const strange = this.#source.check();
    if (strange) return strange;
    const target = this.#openTarget();
    if (target !== undefined && 'kind' in target) return target;
    if (
      target !== undefined &&
      this.#known.hasWorked &&
      isEmptyDirectory(this.targetPath) &&
      !this.sourceIsEmpty()
    )
      this.#known.needsCompare = true;
    return {
      source: rootOf(this.#options.source, this.#source.identity),
      target: target && rootOf(pathFromText(this.targetPath), target),
    };
  }

  /** To be asked after the engine has worked: whether both roots were those in `roots` until the end. */
  checkAfter({ target: before }: OpenRoots): Failed | undefined {
    const foreign = this.#source.check() ?? this.#checkTarget();
    if (foreign) return foreign;
    const now = directoryIdentity(this.targetPath);
    const isSame = before === undefined || (now?.device === before.device && now.inode === before.inode);
    return isSame ? undefined : failed('target', `Target ${this.#options.target} was replaced meanwhile.`);
  }

  /** A batch has been delivered. */
  delivered(): void {
    this.#known.hasWorked = true;
    this.#known.needsCompare = false;
  }

  #openTarget(): DirectoryIdentity | Failed | undefined {
    const { target, mkpath = false, dryRun = false } = this.#options;
    const foreign = this.#checkTarget();
    if (foreign) return foreign;
    const there = directoryIdentity(this.targetPath);
    if (there || dryRun) return there;
    try {
      mkdirSync(this.targetPath, { recursive: mkpath, mode: 0o700 });
    } catch (error) {
      return failed('target', `Target ${target} cannot be made: ${(error as Error).message}.`);
    }
    this.#known.needsCompare = true;
    const made = directoryIdentity(this.targetPath);
    return this.#checkTarget() ?? made ?? failed('target', `Target ${target} is gone again.`);
  }

  /** Whether the target root is another directory than before is remembered until all of it was compared. */
  #checkTarget(): Failed | undefined {
    const state = this.#guard.check();
    if (typeof state !== 'string') return state;
    this.#known.needsCompare ||= state === 'new';
    return undefined;
  }
}

function rootOf(path: string, { device, inode }: DirectoryIdentity): NativeRoot {
  return { path, device, inode };
}

function failed(scope: Failed['scope'], message: string, remedy?: string): Failed {
  return { kind: 'failed', scope, message, ...(remedy !== undefined && { remedy }) };
}
