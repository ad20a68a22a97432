import { parentPort, workerData } from 'node:worker_threads';
import { loadAddon } from '../addon/load-addon.ts';
import { ConfigError } from '../config/config-error.ts';
import { readModule } from '../config/read-module.ts';
import { thrownText } from '../model/error-origin.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { CallMarks } from '../target/action/call-marks.ts';
import type { EngineThreadData, ToEngine } from '../target/action/engine-messages.ts';
import { EngineServer } from '../target/action/engine-server.ts';
import { userScript } from '../target/action/user-script.ts';
import type { CommandPlaces } from '../target/command/command-event.ts';
import { loadedAction } from './action-place.ts';
import { compileExcludes } from './compile-excludes.ts';
import type { ActionDefinition, ActionModule } from './mirror-options.ts';
import { catchStrayErrors } from './stray-errors.ts';

/** What the thread of an action target makes its script of. */
export interface ActionThreadScript {
  readonly module: ActionModule;
  readonly definition: ActionDefinition;
  readonly places: CommandPlaces;
}

/*
 * The program of a thread that runs the functions of one target: it runs the configuration once more, and takes them
 * from there.
 */

const { settings, calls, ...data } = workerData as EngineThreadData;
const { module, definition, places } = data.script as ActionThreadScript;
const port = parentPort;
if (port === null) throw new Error('this is no program of its own');
const marks = new CallMarks(calls);
const server = new EngineServer({
  settings,
  marks,
  compileExcludes: (patterns) => compileExcludes(patterns, { source: places.source, addon: loadAddon() }),
  send: (messages) => {
    port.postMessage(messages);
  },
});
catchStrayErrors({
  tell: (message, remedy) => {
    server.log('Error', message, remedy);
  },
  fail: (error) => {
    server.lost(`an exception that nobody has caught ends its thread: ${thrownText(error)}`);
  },
});
port.on('message', (message: ToEngine) => {
  server.take(message);
});
await server.start(async () => {
  const { value } = await readModule(module.path, module.path, module.compiled).catch((error: unknown) => {
    throw error instanceof ConfigError ? new SynclineError('CONFIG', error.lines.join('; ')) : error;
  });
  return userScript(loadedAction(value, module, definition, marks), places);
});
