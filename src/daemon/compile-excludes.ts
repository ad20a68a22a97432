import type { NativeAddon } from '../addon/addon.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { pathToBuffer, type PathBytes } from '../model/path-bytes.ts';
import type { IsExcluded } from '../target/action/action-options.ts';

/** What these patterns hide below a source. Throws a SynclineError (FILTER) for what is no pattern. */
export function compileExcludes(
  patterns: readonly PathBytes[],
  { source, addon }: { readonly source: PathBytes; readonly addon: NativeAddon },
): IsExcluded {
  const rules = patterns.map((pattern) => ({
    kind: 'exclude' as const,
    value: pathToBuffer(pattern).toString('utf8'),
  }));
  const filter = parseRules(rules, addon).compile(pathToBuffer(source));
  return (path, isDirectory) => filter?.excludes(path, isDirectory) === true;
}
