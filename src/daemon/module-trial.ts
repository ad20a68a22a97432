import { Worker } from 'node:worker_threads';
import { ConfigError, type ConfigProblem } from '../config/config-error.ts';
import { endThread } from '../target/action/end-thread.ts';
import { HELD_MS, ThreadWatch } from '../target/action/thread-watch.ts';
import { leaveThreads } from './leave-threads.ts';

/** The program of the thread, beside this one. */
const THREAD_PROGRAM = new URL('./module-trial-thread.js', import.meta.url);

/** What was made of its texts, as `readModule` takes it, or what is wrong with it. */
export type TrialEnd =
  { readonly compiled: ReadonlyMap<string, string> } | { readonly problems: readonly ConfigProblem[] };

/** From the thread. `begun`: from now on it runs what the user has written. */
export type TrialMessage = 'begun' | 'pong' | TrialEnd;

/**
 * Runs a configuration that is a program in a thread of its own, so that one that loops, ends the process or fills the
 * memory does so there. Gives what was made of its texts, so that the program need not load the compiler. Throws a
 * ConfigError for what it throws, and when the signal is aborted. What it leaves to nobody is for who runs it next.
 */
export async function tryModule(
  file: string,
  absolutePath: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const worker = new Worker(THREAD_PROGRAM, { workerData: { file, absolutePath } });
  let end: (end: TrialEnd) => void = () => undefined;
  const ended = new Promise<TrialEnd>((resolve) => {
    end = resolve;
  });
  const fail = (message: string): void => {
    end({ problems: [{ path: [], message }] });
  };
  const watch = new ThreadWatch(
    () => {
      worker.postMessage('ping');
    },
    () => {
      fail(`its top level has not let go of its thread for ${HELD_MS / 1000} s`);
    },
  );
  worker.on('message', (message: TrialMessage) => {
    if (message === 'begun') watch.begin();
    else if (message === 'pong') watch.answered();
    else end(message);
  });
  worker.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') fail('its top level has used up the memory');
    else end({ compiled: new Map() });
  });
  worker.on('exit', () => {
    fail('it has ended the program while it was loaded');
  });
  const abort = (): void => {
    fail('the program ends');
  };
  signal?.addEventListener('abort', abort);
  if (signal?.aborted === true) abort();
  const result = await ended;
  signal?.removeEventListener('abort', abort);
  watch.end();
  void endThread(worker, leaveThreads);
  if ('problems' in result) throw new ConfigError(file, result.problems);
  return result.compiled;
}
