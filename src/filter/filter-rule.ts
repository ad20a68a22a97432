import type { NativeFilterRule } from '../addon/addon.ts';

/** Where a rule was read: `--exclude=*.o` or `rules.txt:12`. */
export type RuleOrigin = string;

/**
 * One rule of rsync's filter language, its pattern as written (raw bytes as latin1, with the `/` of an anchor and of a
 * directory rule). See FILTER RULES in rsync(1).
 */
export interface FilterRule {
  readonly include: boolean;
  readonly pattern: string;
  /**
   * `sender`: decides what is sent (hide, show). `receiver`: decides what may be deleted there (protect, risk). `unsaid` is
   * both, but the sender alone where rsync is told to delete what is excluded.
   */
  readonly side: 'unsaid' | 'both' | 'sender' | 'receiver';
  /** `/`: matched against the absolute path. */
  readonly absolute: boolean;
  /** `!`: acts on what the pattern does not match. */
  readonly negated: boolean;
  /** `p`: does not keep a directory that is being deleted. */
  readonly perishable: boolean;
  /** `x`: is about names of extended attributes, not of files. */
  readonly xattr: boolean;
  readonly origin: RuleOrigin;
}

const SIDE_MODIFIERS = { unsaid: '', both: 'sr', sender: 's', receiver: 'r' } as const;

/** The rule in rsync's shortest form, bytes as latin1: `- *.o`, `+! a/`, `-s /tmp/`. */
export function ruleText(rule: FilterRule): string {
  const modifiers = [
    rule.absolute ? '/' : '',
    rule.negated ? '!' : '',
    SIDE_MODIFIERS[rule.side],
    rule.perishable ? 'p' : '',
    rule.xattr ? 'x' : '',
  ];
  return `${rule.include ? '+' : '-'}${modifiers.join('')} ${rule.pattern}`;
}

/** What a matcher decides: what is sent, what may not be deleted, and the latter in a directory that is deleted itself. */
export type FilterPurpose = 'send' | 'keep' | 'keepInDeleted';

/**
 * The rule as the matcher takes it, or undefined when it has no say in what the matcher is for.
 * `root` is the absolute path of the tree, for rules with the modifier `/`.
 */
export function nativeRule(
  rule: FilterRule,
  root: string,
  purpose: FilterPurpose = 'send',
): NativeFilterRule | undefined {
  if (rule.side === (purpose === 'send' ? 'receiver' : 'sender') || rule.xattr) return undefined;
  if (purpose === 'keepInDeleted' && rule.perishable) return undefined;
  const directoryOnly = rule.pattern.length > 1 && rule.pattern.endsWith('/');
  const anchored = rule.pattern.startsWith('/');
  return {
    include: rule.include,
    pattern: rule.pattern.slice(anchored ? 1 : 0, directoryOnly ? -1 : undefined),
    anchored,
    directoryOnly,
    negated: rule.negated,
    ...(rule.absolute ? { prefix: root.replace(/^\/+|\/+$/g, '') } : {}),
  };
}
