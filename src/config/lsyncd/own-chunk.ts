import { existsSync, readFileSync } from 'node:fs';
import type { LuaBytes } from './lua-value.ts';

/** In front of the names of Lua chunks of ours; errors are told at the user's code that called them. */
export const OWN_CHUNK = '=syncline ';

/** A Lua file of ours, which lies beside this one: compiled in `dist/` (scripts/complete-dist.mjs), its text in `src/`. */
export function readOwnChunk(name: string): LuaBytes {
  const [text, compiled] = [new URL(name, import.meta.url), new URL(`${name}c`, import.meta.url)];
  return readFileSync(existsSync(compiled) ? compiled : text, 'latin1');
}
