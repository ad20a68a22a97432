import path from 'node:path';
import type { GivenOptions, ReadConfig } from '../schema.ts';
import type { LuaAction } from './lua-action.ts';
import { type PresetParts, required, sharedOptions } from './preset-sync.ts';
import type { TableFields } from './table-fields.ts';

type ReadSync = ReadConfig['syncs'][number];

/**
 * What a sync with handlers of its own is in our configuration. Undefined where something that is required is missing,
 * which has been told.
 */
export function actionSync(action: LuaAction, { fields, directory }: PresetParts): ReadSync | undefined {
  const source = required(fields, 'source');
  if (source === undefined) return undefined;
  const keys = Object.keys(action);
  if (!keys.some((key) => /^(?:action|on[A-Z].*)$/.test(key)))
    fields.refuse(
      'action',
      'missing: a sync is of a preset as default.rsync, or has an action, onCreate, ...',
    );
  const isToldAtStart = keys.includes('init') || keys.includes('onStartup');
  const { delay = 0, ...options } = sharedOptions(fields, directory);
  return {
    source: path.resolve(directory, source),
    targets: [
      {
        kind: 'action',
        target: fields.text('target'),
        ...action,
        ...(action.action === undefined || fields.raw('onMove') ? {} : { moves: false }),
      },
    ],
    ...options,
    delay,
    maxDelay: delay,
    initial: isToldAtStart ? options.initial : false,
    exitCodes: action.collect === undefined ? exitCodes(fields) : undefined,
  };
}

/** Lsyncd's table `exitcodes`, the other way round. */
function exitCodes(fields: TableFields): GivenOptions['exitCodes'] {
  const codes: Record<'ok' | 'again' | 'die', number[]> = { ok: [], again: [], die: [] };
  for (const [code, verdict] of fields.table('exitcodes').entries) {
    if (typeof code === 'number' && (verdict === 'ok' || verdict === 'again' || verdict === 'die'))
      codes[verdict].push(code);
    else fields.refuse('exitcodes', "allowed: exit codes and, for each, 'ok', 'again' or 'die'");
  }
  const said = Object.entries(codes).filter(([, list]) => list.length > 0);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}
