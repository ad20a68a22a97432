import type { FilterRule } from './filter-rule.ts';

/** What every rule of a merged file starts from: the modifiers of the `merge` rule. */
export interface RuleDefaults {
  /** `-` or `+`: each line is a pattern, without any rule name. */
  readonly bare: 'exclude' | 'include' | undefined;
  readonly side: 'sender' | 'receiver' | 'both' | undefined;
  readonly absolute: boolean;
  readonly perishable: boolean;
  readonly xattr: boolean;
}

export const NO_DEFAULTS: RuleDefaults = {
  bare: undefined,
  side: undefined,
  absolute: false,
  perishable: false,
  xattr: false,
};

/** What one line of the rule language says. */
export type RuleStatement =
  | { readonly kind: 'rule'; readonly rule: Omit<FilterRule, 'origin'> }
  | { readonly kind: 'clear' }
  | {
      readonly kind: 'merge';
      readonly file: string;
      readonly defaults: RuleDefaults;
      readonly excludeFile: boolean;
    };

/** Why a line is refused; the caller knows where it stands. */
export class RuleSyntaxError extends Error {
  override readonly name = 'RuleSyntaxError';

  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['exclude', '-'],
  ['include', '+'],
  ['hide', 'H'],
  ['show', 'S'],
  ['protect', 'P'],
  ['risk', 'R'],
  ['merge', '.'],
  ['dir-merge', ':'],
  ['clear', '!'],
]);
const RULE_HELP =
  'start with -, +, H, S, P, R, . or ! (exclude, include, hide, show, protect, risk, merge, clear)';

/**
 * Reads one rule of `--filter` or of a merged file, as rsync does. `text` is bytes as latin1.
 * Throws a RuleSyntaxError for what rsync would refuse and for what this program does not do.
 */
export function readRule(text: string, defaults: RuleDefaults): RuleStatement {
  if (defaults.bare !== undefined)
    return { kind: 'rule', rule: ruleOf(defaults.bare === 'include', text, '', defaults) };
  const { name, modifiers, argument } = splitRule(text);
  switch (name) {
    case '!':
      if (modifiers !== '' || argument !== undefined)
        throw new RuleSyntaxError(
          '"!" clears the list and takes nothing behind it',
          'write ! on a line of its own',
        );
      return { kind: 'clear' };
    case ':':
      throw new RuleSyntaxError(
        'rules in the directories themselves (dir-merge) are not supported',
        'name one file with merge (.), or repeat its rules here',
      );
    case '.':
      return readMerge(modifiers, argument ?? '', defaults);
    case '-':
    case '+':
      return { kind: 'rule', rule: ruleOf(name === '+', argument ?? '', modifiers, defaults) };
    case 'H':
    case 'S':
    case 'P':
    case 'R': {
      const letter = /[rs]/.exec(modifiers)?.[0];
      if (letter !== undefined) throw unknownModifier(letter, 'the rule itself names a side');
      const side = name === 'H' || name === 'S' ? 's' : 'r';
      return {
        kind: 'rule',
        rule: ruleOf(name === 'S' || name === 'R', argument ?? '', modifiers + side, defaults),
      };
    }
    default:
      throw new RuleSyntaxError('unknown filter rule', RULE_HELP);
  }
}

/**
 * Reads one value of `--exclude` or `--include`, or one line of their files: a pattern, or `+ ` or `- ` and a pattern,
 * or a lone `!`.
 */
export function readPattern(text: string, include: boolean): RuleStatement {
  if (text === '!') return { kind: 'clear' };
  const prefixed = text.startsWith('- ') || text.startsWith('+ ');
  const pattern = prefixed ? text.slice(2) : text;
  return { kind: 'rule', rule: ruleOf(prefixed ? text.startsWith('+') : include, pattern, '', NO_DEFAULTS) };
}

interface SplitRule {
  readonly name: string;
  readonly modifiers: string;
  readonly argument: string | undefined;
}

function splitRule(text: string): SplitRule {
  const long = /^(dir-merge|[a-z]+)(?=[\s_,]|$)/.exec(text)?.[0] ?? '';
  const short = SHORT_NAMES.get(long);
  const name = short ?? text.slice(0, 1);
  const rest = text.slice(short === undefined ? 1 : long.length).replace(/^,/, '');
  const end = /[ _]/.exec(rest)?.index;
  return end === undefined
    ? { name, modifiers: rest, argument: undefined }
    : { name, modifiers: rest.slice(0, end), argument: rest.slice(end + 1) };
}

function ruleOf(
  include: boolean,
  pattern: string,
  modifiers: string,
  defaults: RuleDefaults,
): Omit<FilterRule, 'origin'> {
  for (const letter of modifiers) {
    if (letter === 'C')
      throw new RuleSyntaxError(
        'the rules of CVS (modifier C) are not supported',
        'write out the patterns to exclude',
      );
    if (!'/!srpx'.includes(letter)) throw unknownModifier(letter, 'the modifiers are / ! s r p x');
  }
  if (pattern === '')
    throw new RuleSyntaxError('the pattern is empty', 'write what to match behind the rule and one space');
  const side = sideOf(modifiers);
  if (side !== undefined && defaults.side !== undefined)
    throw new RuleSyntaxError(
      'both the merge rule and this rule name a side',
      'name the side (s or r) in one of them',
    );
  return {
    include,
    pattern,
    side: side ?? defaults.side ?? 'unsaid',
    absolute: defaults.absolute || modifiers.includes('/'),
    negated: modifiers.includes('!'),
    perishable: defaults.perishable || modifiers.includes('p'),
    xattr: defaults.xattr || modifiers.includes('x'),
  };
}

function readMerge(modifiers: string, file: string, defaults: RuleDefaults): RuleStatement {
  for (const letter of modifiers) {
    if ('Cnw'.includes(letter))
      throw new RuleSyntaxError(
        `the modifier ${letter} of a merge rule is not supported`,
        'write one rule a line in the file and use / s r p x - + e',
      );
    if (!'/srpx-+e'.includes(letter))
      throw unknownModifier(letter, 'the modifiers of a merge rule are / s r p x - + e');
  }
  const bare = /[-+]/g;
  const signs = modifiers.match(bare) ?? [];
  if (signs.length > 1) throw unknownModifier(signs[1] ?? '', '- and + cannot be given together');
  if (file === '') throw new RuleSyntaxError('the merge rule names no file', 'write: merge FILE');
  if (file === '-')
    throw new RuleSyntaxError('rules cannot be read from standard input', 'put them in a file and name it');
  const side = sideOf(modifiers);
  if (side !== undefined && defaults.side !== undefined)
    throw new RuleSyntaxError(
      'both the outer and this merge rule name a side',
      'name the side (s or r) in one of them',
    );
  return {
    kind: 'merge',
    file,
    excludeFile: modifiers.includes('e'),
    defaults: {
      bare: signs[0] === undefined ? undefined : signs[0] === '+' ? 'include' : 'exclude',
      side: side ?? defaults.side,
      absolute: defaults.absolute || modifiers.includes('/'),
      perishable: defaults.perishable || modifiers.includes('p'),
      xattr: defaults.xattr || modifiers.includes('x'),
    },
  };
}

function sideOf(modifiers: string): RuleDefaults['side'] {
  const sender = modifiers.includes('s');
  const receiver = modifiers.includes('r');
  if (sender && receiver) return 'both';
  return sender ? 'sender' : receiver ? 'receiver' : undefined;
}

function unknownModifier(letter: string, remedy: string): RuleSyntaxError {
  return new RuleSyntaxError(`the modifier "${letter}" is not known here`, remedy);
}
