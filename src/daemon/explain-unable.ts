import type { ConfigDocument } from '../config/config-document.ts';
import { ConfigError, problemAt } from '../config/config-error.ts';
import type { EffectiveConfig, EffectiveSync, EffectiveTarget } from '../config/resolve-config.ts';
import { mirrorOf } from './config-mirrors.ts';
import { placeName } from './create-target.ts';
import type { Unable } from './run-parts.ts';

/** Why single targets of a configuration that is right cannot work, each where it is written. */
export function explainUnable(
  unable: readonly Unable[],
  document: ConfigDocument,
  config: EffectiveConfig,
): ConfigError {
  const problems = unable.map(({ plan, error }) => {
    const isIt = (sync: EffectiveSync, target: EffectiveTarget): boolean =>
      sync.source === plan.options.sourcePath &&
      mirrorOf(sync, target, [target]).targets.some((place) => placeName(place) === plan.name);
    const targets = config.syncs.flatMap((sync) => sync.targets.filter((target) => isIt(sync, target)));
    return problemAt(document, targets[0]?.path ?? [], error.inOneLine);
  });
  return new ConfigError(document.file, problems, 'TARGET');
}
