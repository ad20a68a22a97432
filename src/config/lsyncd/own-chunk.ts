import { readFileSync } from 'node:fs';

/** The text of a Lua file of ours, which lies beside this one. */
export function readOwnChunk(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'latin1');
}
