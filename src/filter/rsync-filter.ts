import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { isUtf8 } from 'node:buffer';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FilterRules } from './filter-rules.ts';

/** The rules as arguments for rsync, to stand before any other filter option. */
export interface RsyncFilter {
  /** Text for `child_process`. Empty when there are no rules. */
  readonly arguments: readonly string[];
  /** Removes the file the arguments may name. Idempotent; no rsync may be started with them afterwards. */
  close(): void;
}

/** Above this many bytes of rules they go through a file: an argument list has a limit. */
const MAX_ARGUMENT_BYTES = 32_768;

/**
 * Gives `rules` to rsync exactly. Rules that are UTF-8 become one `--filter=RULE` each. Otherwise (Node hands arguments
 * to a program only as UTF-8), or when they are many, they go into a private temporary file, each ended by a NUL so that
 * a pattern may hold a newline: `--from0 --filter=merge FILE`. `--from0` counts for every list rsync then reads
 * (`--files-from`, `--include-from`), so those must be NUL-separated too.
 */
export function rsyncFilter(rules: FilterRules): RsyncFilter {
  const texts = rules.ruleTexts();
  const bytes = texts.map((text) => Buffer.from(text, 'latin1'));
  const size = bytes.reduce((sum, text) => sum + text.length, 0);
  if (size <= MAX_ARGUMENT_BYTES && bytes.every((text) => isUtf8(text))) {
    return { arguments: bytes.map((text) => `--filter=${text.toString('utf8')}`), close: () => undefined };
  }
  const directory = mkdtempSync(join(tmpdir(), 'syncline-filter-'));
  const file = join(directory, 'rules');
  writeFileSync(file, Buffer.concat(bytes.flatMap((text) => [text, Buffer.of(0)])), { mode: 0o600 });
  return {
    arguments: ['--from0', `--filter=merge ${file}`],
    close: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
