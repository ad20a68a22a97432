/**
 * Our file engine as the direct target uses it, in a process of its own. Usage: direct-copy SOURCE TARGET. Says `ready`;
 * each line on standard input is answered, when TARGET has been made equal to SOURCE, with the seconds that took.
 */
import { createInterface } from 'node:readline';
import type { Batch } from '../../src/model/batch.ts';
import { pathFromText, ROOT_PATH } from '../../src/model/path-bytes.ts';
import { createDirectTarget } from '../../src/target/direct/direct-target.ts';
import { ARCHIVE_ATTRIBUTES } from '../../src/target/rsync/rsync-arguments.ts';
import { nativeAddon } from './native-addon.ts';
import { say } from './say.ts';

const [source = '', targetPath = ''] = process.argv.slice(2);
const context = { signal: new AbortController().signal, report: (): void => undefined };
const target = createDirectTarget({
  source: pathFromText(source),
  target: targetPath,
  addon: nativeAddon(),
  allowEmptySource: true,
  attributes: ARCHIVE_ATTRIBUTES,
});
const everything: Batch = {
  number: 1,
  reason: 'startup',
  moves: [],
  entries: [],
  subtrees: [ROOT_PATH],
  contentSubtrees: [],
};

await target.prepare(context);
say({ ready: true });
for await (const _line of createInterface({ input: process.stdin })) {
  const startMs = performance.now();
  const outcome = await target.deliver(everything, context);
  const seconds = (performance.now() - startMs) / 1000;
  say({ result: true, seconds, said: outcome.kind === 'failed' ? outcome.message : outcome.kind });
}
await target.close();
