import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory that holds package.json, from wherever this file is run (compiled or not). */
export const projectRoot = findUp(dirname(fileURLToPath(import.meta.url)));

function findUp(directory: string): string {
  if (existsSync(`${directory}/package.json`)) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('package.json: not found above the tests');
  return findUp(parent);
}
