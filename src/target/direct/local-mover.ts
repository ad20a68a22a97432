import type { NativeAddon, NativeDeliveryOptions } from '../../addon/addon.ts';
import type { Move } from '../../model/batch.ts';
import type { Failed } from '../../model/outcome.ts';
import { pathFromText, pathToBuffer } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import { directoryIdentity } from '../local-target.ts';
import type { Mover } from '../move/mover.ts';
import type { DeliveryContext } from '../target.ts';
import type { DirectFilters } from './direct-options.ts';
import { runEngine } from './engine-run.ts';

export interface LocalMoverOptions {
  /** The source root: absolute, raw bytes, no trailing slash. */
  readonly source: PathBytes;
  /** The target root, absolute. */
  readonly targetPath: string;
  readonly addon: Pick<NativeAddon, 'Delivery'>;
  readonly filters?: DirectFilters | undefined;
}

/** What is moved keeps its attributes; those of the directories around it are brought up to date by what comes after. */
const NO_ATTRIBUTES: NativeDeliveryOptions['attributes'] = {
  links: false,
  perms: false,
  times: false,
  group: false,
  owner: false,
  devices: false,
  specials: false,
  hardLinks: false,
  acls: false,
  xattrs: false,
};

/**
 * Makes moves below a local directory by rename(2), through descriptors that no symlink can bend. Directories are not
 * moved where the filter judges what is below them by their path.
 */
export class LocalMover implements Mover {
  readonly #options: LocalMoverOptions;

  constructor(options: LocalMoverOptions) {
    this.#options = options;
  }

  async makeMoves(moves: readonly Move[], context: DeliveryContext): Promise<readonly Move[] | Failed> {
    const { source, targetPath, addon, filters = {} } = this.#options;
    const sourceIs = directoryIdentity(pathToBuffer(source));
    const targetIs = directoryIdentity(targetPath);
    // Without a target nothing can be moved in it; without a source what follows says so.
    if (!sourceIs || !targetIs) return moves;
    const { moved, failure } = await runEngine(
      addon,
      {
        ...filters,
        source: { path: source, ...sourceIs },
        target: { path: pathFromText(targetPath), ...targetIs },
        attributes: NO_ATTRIBUTES,
        deletes: true,
        dryRun: false,
        moves,
        entries: [],
        subtrees: [],
        contentSubtrees: [],
        threads: 1,
      },
      {
        signal: context.signal,
        report: (event) => {
          if (event.kind === 'moved') context.report(event);
        },
      },
    );
    if (failure || context.signal.aborted)
      return {
        kind: 'failed',
        scope: failure?.scope ?? 'batch',
        message: `The moves on ${targetPath} broke off: ${failure?.message ?? 'they were ended'}.`,
      };
    return moves.filter((_, index) => moved[index] !== true);
  }
}
