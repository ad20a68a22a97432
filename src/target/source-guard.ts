import type { Failed } from '../model/outcome.ts';
import { displayPath, pathToBuffer } from '../model/path-bytes.ts';
import type { PathBytes } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { directoryIdentity, isEmptyDirectory, isSameDirectory } from './local-target.ts';
import type { DirectoryIdentity } from './local-target.ts';

/** Notices when the source root is not the directory it was at start: every name would look deleted then. */
export class SourceGuard {
  readonly #source: PathBytes;
  #identity: DirectoryIdentity | undefined;

  /** `identity` is that at start, where the caller has taken it already; else {@link open} takes it. */
  constructor(source: PathBytes, identity?: DirectoryIdentity) {
    this.#source = source;
    this.#identity = identity;
  }

  /** Throws a SynclineError (SOURCE) where there is no directory. */
  open(): void {
    this.#identity ??= directoryIdentity(pathToBuffer(this.#source));
    if (!this.#identity)
      throw new SynclineError('SOURCE', `Source ${displayPath(this.#source)} is not a directory.`);
  }

  /** Which directory it has to be. Not to be asked before {@link open}. */
  get identity(): DirectoryIdentity {
    if (this.#identity === undefined) throw new Error('source guard: it has not been opened');
    return this.#identity;
  }

  /** Undefined while it is the same directory. To be asked before anything that can delete. */
  check(): Failed | undefined {
    const now = directoryIdentity(pathToBuffer(this.#source));
    if (now && this.#identity && isSameDirectory(now, this.#identity)) return undefined;
    return {
      kind: 'failed',
      scope: 'source',
      message: `Source ${displayPath(this.#source)} is ${now ? 'not the directory it was at start' : 'gone'}; nothing is delivered.`,
      remedy: 'Bring the directory back (mount it), or restart to mirror what is there now.',
    };
  }

  /** True when the source root can be read and holds nothing. */
  isEmpty(): boolean {
    return isEmptyDirectory(pathToBuffer(this.#source));
  }
}
