import { fork } from 'node:child_process';
import { SynclineError } from '../model/syncline-error.ts';

/** What a daemon tells the program that has started it, once. */
type DaemonMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy?: string };

/**
 * Starts the program at `modulePath` as a daemon: in a session of its own, its standard streams at /dev/null. Resolves when
 * it says that it is ready; throws a SynclineError with what it says instead, or when it ends before. Node cannot fork, so
 * that the daemon is a new process, which reads its arguments anew.
 */
export async function startDaemon(modulePath: string, args: readonly string[]): Promise<void> {
  const child = fork(modulePath, args, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('message', (message) => {
        const said = message as DaemonMessage;
        if (said.kind === 'ready') resolve();
        else reject(new SynclineError('CONFIG', said.message, said.remedy));
      });
      child.once('error', (error) => {
        reject(new SynclineError('CONFIG', `the daemon cannot be started: ${error.message}`));
      });
      child.once('exit', (code, signal) => {
        const how = signal === null ? `with status ${code ?? 0}` : `by ${signal}`;
        reject(new SynclineError('CONFIG', `the daemon ended ${how} before it was ready`));
      });
    });
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** The way back to the program that has started this daemon. */
export interface DaemonStarter {
  /** Lets it end with 0, and leaves its working directory for `/`. */
  readonly ready: () => void;
  /** Lets it say what is wrong, and end. Resolves when that is on its way. */
  readonly failed: (message: string, remedy: string | undefined) => Promise<void>;
}

/** To be called by a daemon once, at its start. `lost` is called when the other program ends before it was told anything. */
export function daemonStarter(lost: () => void): DaemonStarter {
  let isTold = false;
  process.once('disconnect', () => {
    if (!isTold) lost();
  });
  const tell = (message: DaemonMessage): Promise<void> =>
    new Promise((resolve) => {
      isTold = true;
      if (process.send === undefined || !process.connected) {
        resolve();
        return;
      }
      process.send(message, () => {
        if (process.connected) process.disconnect();
        resolve();
      });
    });
  return {
    ready: () => {
      process.chdir('/');
      void tell({ kind: 'ready' });
    },
    failed: (message, remedy) =>
      tell({ kind: 'failed', message, ...(remedy === undefined ? {} : { remedy }) }),
  };
}
