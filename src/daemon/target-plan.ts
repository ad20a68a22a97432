import type { NativeAddon } from '../addon/addon.ts';
import type { FilterRules } from '../filter/filter-rules.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { checkTargetsApart } from '../target/check-targets.ts';
import { placeName, targetAddresses } from './create-target.ts';
import type { MirrorOptions, RunSettings, TargetPlace } from './mirror-options.ts';

/** One target of a run, with all that counts for it. */
export interface TargetPlan {
  /** The same for the same target in a later plan: source and place, and whether it is to be kept equal or only brought so. */
  readonly key: string;
  /** As the log calls it. */
  readonly name: string;
  readonly place: TargetPlace;
  readonly options: MirrorOptions;
  /** Of `options.filterArguments`, with the files they name as they were read. */
  readonly rules: FilterRules;
}

/** All that one process is to do. */
export interface RunPlan {
  readonly settings: RunSettings;
  readonly targets: readonly TargetPlan[];
}

/** Reads the files with rules. Throws a SynclineError (FILTER). */
export function planRun(
  mirrors: readonly MirrorOptions[],
  settings: RunSettings,
  addon: Pick<NativeAddon, 'Filter'>,
): RunPlan {
  const seen = new Map<string, number>();
  const targets = mirrors.flatMap((options) => {
    const rules = parseRules(options.filterArguments, addon);
    return options.targets.map((place): TargetPlan => {
      const name = placeName(place);
      const base = JSON.stringify([options.sourcePath, place.kind, name, options.once, options.dryRun]);
      const count = seen.get(base) ?? 0;
      seen.set(base, count + 1);
      return { key: `${base}${count}`, name, place, options, rules };
    });
  });
  return { settings, targets };
}

/** Whether what is delivered for one plan may be in the way of what is delivered for the other. */
export function mayMeet(...plans: readonly [TargetPlan, TargetPlan]): boolean {
  const names = plans.flatMap(({ place }, source) =>
    targetAddresses([place]).map((target) => ({ ...target, source, deletes: true })),
  );
  try {
    checkTargetsApart(names);
    return false;
  } catch (error) {
    if (error instanceof SynclineError) return true;
    throw error;
  }
}
