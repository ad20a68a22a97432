import type { NativeAddon, NativeFilter, NativeFilterRule } from '../addon/addon.ts';
import { displayPath, pathFromBuffer, type PathBytes } from '../model/path-bytes.ts';
import { nativeRule, ruleText, type FilterPurpose, type FilterRule } from './filter-rule.ts';

/** An ordered list of rules: for the matcher, for rsync and for people. Immutable. */
export class FilterRules {
  readonly #addon: Pick<NativeAddon, 'Filter'>;

  constructor(
    readonly rules: readonly FilterRule[],
    addon: Pick<NativeAddon, 'Filter'>,
    /** The files they were read from, merged ones too. */
    readonly files: readonly PathBytes[] = [],
  ) {
    this.#addon = addon;
  }

  get isEmpty(): boolean {
    return this.rules.length === 0;
  }

  /** What the matcher is given: the rules with a say in its purpose. `root` is the absolute path of the tree. */
  nativeRules(root: Buffer, purpose: FilterPurpose = 'send'): readonly NativeFilterRule[] {
    const path = pathFromBuffer(root);
    return this.rules.map((rule) => nativeRule(rule, path, purpose)).filter((rule) => rule !== undefined);
  }

  /** The matcher, by default for the watch and for select; undefined when nothing can be excluded by it. */
  compile(root: Buffer, purpose: FilterPurpose = 'send'): NativeFilter | undefined {
    const rules = this.nativeRules(root, purpose);
    return rules.some((rule) => !rule.include) ? new this.#addon.Filter(rules) : undefined;
  }

  /** Each rule in rsync's shortest form, bytes as latin1: what rsync is given. */
  ruleTexts(): readonly string[] {
    return this.rules.map(ruleText);
  }

  /** One line a rule for people, with where it comes from. */
  describe(): readonly string[] {
    return this.rules.map((rule) => `${displayPath(ruleText(rule) as PathBytes)}  (${rule.origin})`);
  }
}
