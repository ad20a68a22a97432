import { setImmediate } from 'node:timers/promises';
import { ConfigError } from '../config/config-error.ts';
import { thrownText } from '../model/error-origin.ts';

/**
 * Loads the configuration `file`, which may be a program. Rejects with a ConfigError also for what it throws where nobody
 * catches it (a promise that nobody waits for, a timer) until it is loaded; `ended` is called when it ends this process.
 */
export async function guardLoading<T>(file: string, load: () => Promise<T>, ended: () => void): Promise<T> {
  let fail = (_error: unknown): void => undefined;
  const stray = new Promise<never>((_resolve, reject) => {
    fail = (error) => {
      const message = `nobody catches what it throws: ${thrownText(error)}`;
      reject(new ConfigError(file, [{ path: [], message }], 'CONFIG', { cause: error }));
    };
  });
  process.once('exit', ended);
  process.on('unhandledRejection', fail);
  process.on('uncaughtException', fail);
  try {
    // Node tells of rejections when all promises that are settled have been seen to.
    return await Promise.race([load().finally(() => setImmediate()), stray]);
  } finally {
    process.off('exit', ended);
    process.off('unhandledRejection', fail);
    process.off('uncaughtException', fail);
  }
}
