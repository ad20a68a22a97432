import { existsSync } from 'node:fs';
import path from 'node:path';
import { SynclineError } from '../model/syncline-error.ts';

const NAMES = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'].map((ending) => `syncline.config.${ending}`);

/** Where a configuration is looked for when none is named; the first that exists counts. */
export const SYSTEM_DIRECTORY = '/etc/syncline';

/** The configuration in `directory`, else that of the system. Throws a SynclineError (CONFIG) when there is none. */
export function findConfig(directory: string, systemDirectory = SYSTEM_DIRECTORY): string {
  for (const place of [directory, systemDirectory]) {
    const name = NAMES.find((one) => existsSync(path.join(place, one)));
    if (name !== undefined) return path.join(place, name);
  }
  throw new SynclineError(
    'CONFIG',
    `no configuration: neither here nor in ${systemDirectory} is one of ${NAMES.join(', ')}`,
    'name one, or make one: docs/configuration.md shows how',
  );
}
