import { loadAddon } from '../addon/load-addon.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { pathToBuffer } from '../model/path-bytes.ts';
import { select } from '../pipeline/select.ts';
import { openWatch } from '../watch/open-watch.ts';
import type { ProgramIo } from './program-io.ts';
import { selectBatch } from './select-batch.ts';
import { showEvents } from './show-events.ts';
import type { WatchOptions } from './watch-options.ts';

/**
 * Prints the events of a directory until a signal comes; resolves with the exit status. Throws a SynclineError when a
 * rule is broken or the directory cannot be watched. When it settles no watch runs.
 */
export async function runWatch(options: WatchOptions, io: ProgramIo): Promise<number> {
  const addon = loadAddon();
  const root = pathToBuffer(options.directoryPath);
  const filter = parseRules(options.filterArguments, addon).compile(root);
  const watch = openWatch(addon, { root, ...(filter === undefined ? {} : { filter }) });
  const source = {
    batches$: watch.batches$.pipe(select(selectBatch(filter))),
    close: () => {
      watch.close();
    },
  };
  return await showEvents(source, options.json, io);
}
