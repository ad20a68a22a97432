import type { Worker } from 'node:worker_threads';

/** A thread that is ended mostly ends within some milliseconds. */
const ENDING_MS = 1_000;

/**
 * Ends a thread. One that waits in a call of the system ends when that returns; after {@link ENDING_MS} nobody waits for it
 * any more, and `left` is called: Node joins all threads when the process ends, however long that takes.
 */
export async function endThread(worker: Worker, left: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      worker.unref();
      left();
      resolve();
    }, ENDING_MS);
  });
  await Promise.race([worker.terminate(), late]);
  clearTimeout(timer);
}
