import { parentPort, workerData } from 'node:worker_threads';
import { ConfigError } from '../config/config-error.ts';
import { readModule } from '../config/read-module.ts';
import type { TrialEnd, TrialMessage } from './module-trial.ts';

/* The program of the thread of `tryModule`. */

const say = (message: TrialMessage): void => {
  parentPort?.postMessage(message);
};
parentPort?.on('message', () => {
  say('pong');
});
const { file, absolutePath } = workerData as { readonly file: string; readonly absolutePath: string };
say('begun');
say(
  await readModule(file, absolutePath).then(
    ({ module }): TrialEnd => ({ compiled: module?.compiled ?? new Map() }),
    (error: unknown): TrialEnd => {
      if (!(error instanceof ConfigError)) throw error;
      return { problems: error.problems };
    },
  ),
);
