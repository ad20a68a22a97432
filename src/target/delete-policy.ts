import type { BatchReason } from '../model/batch.ts';

/**
 * When names that are gone on the source are deleted on the target: always, never, in the first compare only, or in
 * live batches only. Where it does not apply, a directory with content is not removed to make way for a file either:
 * that name is then a problem of its own.
 */
export type DeletePolicy = 'yes' | 'no' | 'startup' | 'running';

/** Whether a batch sent for this reason deletes. */
export function deletesFor(policy: DeletePolicy, reason: BatchReason): boolean {
  switch (policy) {
    case 'yes':
      return true;
    case 'no':
      return false;
    case 'startup':
      return reason === 'startup';
    case 'running':
      return reason === 'live';
  }
}
