import path from 'node:path';
import type { ReadConfig } from '../schema.ts';
import { exitCodes } from './exit-codes.ts';
import type { LuaAction } from './lua-action.ts';
import { type PresetParts, required, sharedOptions } from './preset-sync.ts';
import { tunnelOptions } from './tunnel-options.ts';

type ReadSync = ReadConfig['syncs'][number];

/**
 * What a sync with handlers of its own is in our configuration. Undefined where something that is required is missing,
 * which has been told.
 */
export function actionSync(
  action: LuaAction,
  { fields, directory, notice }: PresetParts,
): ReadSync | undefined {
  const source = required(fields, 'source');
  if (source === undefined) return undefined;
  const keys = Object.keys(action);
  if (!keys.some((key) => /^(?:action|on[A-Z].*)$/.test(key)))
    fields.refuse(
      'action',
      'missing: a sync is of a preset as default.rsync, or has an action, onCreate, ...',
    );
  const isToldAtStart = keys.includes('init') || keys.includes('onStartup');
  const hearsOfDeletions = keys.includes('action') || keys.includes('onDelete');
  const { delay = 0, ...options } = sharedOptions(fields, directory);
  const tunnel = tunnelOptions(fields, notice);
  return {
    source: path.resolve(directory, source),
    targets: [
      {
        kind: 'action',
        target: fields.text('target'),
        ...action,
        ...(action.action === undefined || fields.raw('onMove') ? {} : { moves: false }),
        // The functions of a preset take the directory alone, as rsync does.
        ...(hearsOfDeletions && fields.raw('rsync') === undefined ? { deletedNames: true } : {}),
      },
    ],
    ...options,
    ...(tunnel === undefined ? {} : { tunnel }),
    delay,
    maxDelay: delay,
    initial: isToldAtStart ? options.initial : false,
    exitCodes: action.collect === undefined ? exitCodes(fields, 'exitcodes') : undefined,
  };
}
