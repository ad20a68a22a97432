import type { GivenOptions } from '../schema.ts';
import type { TableFields } from './table-fields.ts';

/** A table of Lsyncd's with a verdict for each exit code, the other way round; undefined if it says nothing. */
export function exitCodes(fields: TableFields, key: string): GivenOptions['exitCodes'] {
  const codes: Record<'ok' | 'again' | 'die', number[]> = { ok: [], again: [], die: [] };
  for (const [code, verdict] of fields.table(key).entries) {
    if (typeof code === 'number' && (verdict === 'ok' || verdict === 'again' || verdict === 'die'))
      codes[verdict].push(code);
    else fields.refuse(key, "allowed: exit codes and, for each, 'ok', 'again' or 'die'");
  }
  const said = Object.entries(codes).filter(([, list]) => list.length > 0);
  return said.length === 0 ? undefined : Object.fromEntries(said);
}
