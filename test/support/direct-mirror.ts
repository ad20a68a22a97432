import { loadAddon } from '../../src/addon/load-addon.ts';
import { parseRules } from '../../src/filter/parse-rules.ts';
import { pathFromText, pathToBuffer } from '../../src/model/path-bytes.ts';
import type { DirectAttributes, DirectTargetOptions } from '../../src/target/direct/direct-options.ts';
import { createDirectTarget } from '../../src/target/direct/direct-target.ts';
import { ARCHIVE_ATTRIBUTES } from '../../src/target/rsync/rsync-arguments.ts';
import { DrivenTarget } from './driven-target.ts';
import type { TempDir } from './temp-dir.ts';

export interface DirectMirrorOptions extends Partial<
  Pick<DirectTargetOptions, 'deletes' | 'maxDelete' | 'allowEmptySource' | 'dryRun' | 'mkpath' | 'threads'>
> {
  readonly attributes?: Partial<DirectAttributes>;
  /** rsync's filter rules, as for `--filter`. */
  readonly filters?: readonly string[];
  readonly targetFor?: (copy: string) => string;
  readonly directory?: TempDir;
}

/** A source and a target directory of their own, and a direct target between them. */
export function makeDirectMirror(options: DirectMirrorOptions = {}): DrivenTarget {
  const { targetFor = (copy: string) => copy, directory, filters = [], attributes, ...rest } = options;
  const addon = loadAddon();
  const rules = parseRules(
    filters.map((value) => ({ kind: 'filter', value })),
    addon,
  );
  return new DrivenTarget((source, copy) => {
    const path = pathFromText(source);
    const root = pathToBuffer(path);
    return createDirectTarget({
      source: path,
      target: targetFor(copy),
      addon,
      attributes: { ...ARCHIVE_ATTRIBUTES, ...attributes },
      allowEmptySource: true,
      filters: {
        hidden: rules.compile(root),
        kept: rules.compile(root, 'keep'),
        keptInDeleted: rules.compile(root, 'keepInDeleted'),
      },
      ...rest,
    });
  }, directory);
}
