import { parseTarget } from '../target/parse-target.ts';
import type { TargetPlace } from './mirror-options.ts';

/**
 * The place that a further target names, and the way to it: what is on this machine by the file engine if `direct` is
 * asked for, everything else by rsync. Throws a SynclineError (TARGET) for what is no target.
 */
export function furtherPlace(target: string, direct: boolean): TargetPlace {
  return { kind: direct && parseTarget(target).kind === 'local' ? 'direct' : 'rsync', target };
}
