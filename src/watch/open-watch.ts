import { getSystemErrorName } from 'node:util';
import { Observable, Subject } from 'rxjs';
import type {
  NativeAddon,
  NativeWatch,
  NativeWatchHistory,
  NativeWatchOptions,
  NativeWatchStats,
} from '../addon/addon.ts';
import { EventBatch, SLOT } from '../model/event-batch.ts';
import { displayPath, pathFromBuffer } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { watchLimitRemedy } from './describe-coverage.ts';

/** A running watch of one tree. */
export interface Watch {
  /**
   * What happens in the tree, in order, from the start of the watch: nothing is taken from the addon, where records
   * merge, until somebody subscribes. Later subscribers see what comes after. Completes on `close`, never errors.
   */
  readonly batches$: Observable<EventBatch>;
  /**
   * Resolves when everything that happened before the call has been emitted by `batches$`, the first scan included.
   * Rejects with a SynclineError `WATCH` if the watch is closed first. Needs a subscriber of `batches$`.
   */
  barrier(): Promise<void>;
  stats(): NativeWatchStats;
  /** Whether it began at `options.since`, and where a later watch may begin: behind all that `batches$` has emitted. */
  history(): NativeWatchHistory;
  /** Stops the watch: afterwards nothing is emitted. Idempotent, synchronous. */
  close(): void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Starts to watch `options.root`. Throws a SynclineError: `SOURCE`, `WATCH_LIMIT` or `WATCH`. */
export function openWatch(addon: NativeAddon, options: NativeWatchOptions): Watch {
  const batches = new Subject<EventBatch>();
  const barriers = new Map<number, Waiting>();
  let lastToken = 0;
  let closed = false;

  const pull = (): void => {
    if (closed || !batches.observed) return;
    const buffer = native.take();
    if (buffer === null) return;
    const batch = new EventBatch(buffer);
    batches.next(batch);
    if (barriers.size > 0) settleBarriers(batch, barriers);
  };
  const native = start(addon, options, pull);

  return {
    batches$: new Observable<EventBatch>((subscriber) => {
      const subscription = batches.subscribe(subscriber);
      queueMicrotask(pull);
      return subscription;
    }),
    barrier: () =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(closedError());
          return;
        }
        lastToken = (lastToken + 1) >>> 0;
        barriers.set(lastToken, { resolve, reject });
        native.barrier(lastToken);
      }),
    stats: () => native.stats(),
    history: () => native.history(),
    close: () => {
      if (closed) return;
      closed = true;
      native.close();
      batches.complete();
      for (const { reject } of barriers.values()) reject(closedError());
      barriers.clear();
    },
  };
}

/** {@link openWatch} as an Observable: subscribing starts a watch, unsubscribing closes it. A failed start is an error. */
export function watch$(addon: NativeAddon, options: NativeWatchOptions): Observable<EventBatch> {
  return new Observable((subscriber) => {
    const watch = openWatch(addon, options);
    const subscription = watch.batches$.subscribe(subscriber);
    return () => {
      subscription.unsubscribe();
      watch.close();
    };
  });
}

function settleBarriers(batch: EventBatch, barriers: Map<number, Waiting>): void {
  for (let slot = 0; slot < batch.slotCount; slot++) {
    if (batch.kind(slot) !== SLOT.barrier) continue;
    const token = batch.value(slot);
    barriers.get(token)?.resolve();
    barriers.delete(token);
  }
}

function closedError(): SynclineError {
  return new SynclineError('WATCH', 'the watch is closed');
}

function start(addon: NativeAddon, options: NativeWatchOptions, onReady: () => void): NativeWatch {
  try {
    return new addon.Watch(options, onReady);
  } catch (cause) {
    if (!(cause instanceof Error) || !('errno' in cause) || !('syscall' in cause)) throw cause;
    const code = getSystemErrorName(-Number(cause.errno));
    const root = displayPath(pathFromBuffer(options.root));
    if (cause.syscall === 'open') {
      throw new SynclineError('SOURCE', `${root} cannot be opened: ${code}`, undefined, {
        cause,
      });
    }
    if (code === 'ENOSPC') {
      throw new SynclineError('WATCH_LIMIT', `${root}: no inotify watch is left`, watchLimitRemedy(1), {
        cause,
      });
    }
    const remedy = code === 'EMFILE' ? 'raise it: sudo sysctl fs.inotify.max_user_instances=1024' : undefined;
    throw new SynclineError('WATCH', `${root} cannot be watched: ${cause.message}`, remedy, { cause });
  }
}
