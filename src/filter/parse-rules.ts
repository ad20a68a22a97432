import { readFileSync } from 'node:fs';

import type { NativeAddon } from '../addon/addon.ts';
import {
  baseName,
  displayPath,
  joinPath,
  pathFromText,
  pathToBuffer,
  type PathBytes,
} from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { FilterRules } from './filter-rules.ts';
import type { FilterRule } from './filter-rule.ts';
import {
  NO_DEFAULTS,
  readPattern,
  readRule,
  RuleSyntaxError,
  type RuleDefaults,
  type RuleStatement,
} from './rule-syntax.ts';

/** One filter option as it was given; their order counts. `value` is text (a pattern, a rule or a file name). */
export interface FilterOption {
  readonly kind: 'exclude' | 'include' | 'filter' | 'exclude-from' | 'include-from';
  readonly value: string;
  /** Where it stands, for messages; the option of a command line if not given. */
  readonly origin?: string;
  /** What relative names of files count from, those in merged files too; the working directory if not given. */
  readonly directory?: string;
}

/** rsync ignores a longer one without saying so loudly. */
const MAX_PATTERN_BYTES = 4095;

/**
 * Reads the options in order, and the files they name, into one list of rules. Relative file names are relative to the
 * working directory, those inside a merged file too, as in rsync.
 * Throws a SynclineError `FILTER` that names the rule and where it stands for anything rsync would refuse or silently
 * take for something else: an unknown rule or modifier, an empty or broken pattern, an unreadable file.
 */
export function parseRules(
  options: readonly FilterOption[],
  addon: Pick<NativeAddon, 'Filter'>,
): FilterRules {
  const reader = new RuleReader(addon);
  for (const option of options) reader.readOption(option);
  return new FilterRules(reader.rules, addon, [...reader.files]);
}

class RuleReader {
  rules: FilterRule[] = [];
  readonly files = new Set<PathBytes>();
  readonly #addon: Pick<NativeAddon, 'Filter'>;
  readonly #openFiles: string[] = [];
  #directory: string | undefined;

  constructor(addon: Pick<NativeAddon, 'Filter'>) {
    this.#addon = addon;
  }

  readOption({ kind, value, origin: place, directory }: FilterOption): void {
    const origin = place ?? `--${kind}=${displayPath(pathFromText(value))}`;
    this.#directory = directory;
    const bytes = pathFromText(value);
    if (value.includes('\ufffd')) {
      throw new SynclineError(
        'FILTER',
        `${origin}: an argument that is not UTF-8 cannot be taken exactly`,
        'put the rule into a file and give that by --exclude-from or --filter="merge FILE"',
      );
    }
    switch (kind) {
      case 'exclude':
      case 'include':
        this.#take(origin, bytes, (text) => readPattern(text, kind === 'include'));
        break;
      case 'filter':
        this.#take(origin, bytes, (text) => readRule(text, NO_DEFAULTS));
        break;
      case 'exclude-from':
      case 'include-from':
        if (value === '' || value === '-') {
          throw new SynclineError(
            'FILTER',
            `${origin}: a file is needed`,
            'put the rules in a file and name it',
          );
        }
        this.#readFile(origin, bytes, (text) => readPattern(text, kind === 'include-from'));
        break;
    }
  }

  #readFile(origin: string, file: PathBytes, read: (text: string) => RuleStatement): void {
    const shown = displayPath(file);
    if (this.#openFiles.includes(file)) {
      throw new SynclineError('FILTER', `${origin}: ${shown} merges itself`, 'remove one of the merge rules');
    }
    let content: string;
    try {
      content = readFileSync(pathToBuffer(this.#fromDirectory(file))).toString('latin1');
    } catch (error) {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new SynclineError(
        'FILTER',
        `${origin}: cannot read the rules in ${shown}: ${reason}`,
        `name a readable file${this.#advice(file)}`,
        { cause: error },
      );
    }
    this.files.add(this.#fromDirectory(file));
    this.#openFiles.push(file);
    for (const { text, line } of ruleLines(content)) this.#take(`${shown}:${line}`, text, read);
    this.#openFiles.pop();
  }

  #advice(file: PathBytes): string {
    if (file.startsWith('/')) return '';
    return `; a relative name counts from ${this.#directory ?? 'the working directory'}`;
  }

  #fromDirectory(file: PathBytes): PathBytes {
    if (this.#directory === undefined || file.startsWith('/')) return file;
    return joinPath(pathFromText(this.#directory), file);
  }

  #take(origin: string, text: string, read: (text: string) => RuleStatement): void {
    const statement = refusing(origin, text, () => read(text));
    switch (statement.kind) {
      case 'clear':
        this.rules = [];
        break;
      case 'merge':
        this.#merge(origin, statement.file as PathBytes, statement.defaults, statement.excludeFile);
        break;
      case 'rule':
        refusing(origin, text, () => {
          this.#check(statement.rule.pattern);
        });
        this.rules.push({ ...statement.rule, origin });
        break;
    }
  }

  #merge(origin: string, file: PathBytes, defaults: RuleDefaults, excludeFile: boolean): void {
    if (excludeFile) {
      const pattern = baseName(file);
      const rule = { include: false, pattern, side: 'unsaid', absolute: false, negated: false } as const;
      this.rules.push({ ...rule, perishable: false, xattr: false, origin });
    }
    this.#readFile(origin, file, (text) => readRule(text, defaults));
  }

  #check(pattern: string): void {
    const problem = this.#addon.Filter.patternProblem(pattern);
    if (problem !== null)
      throw new RuleSyntaxError(problem, 'to match *, ?, [ or \\ themselves put a backslash before each');
    if (pattern.includes('\0')) throw new RuleSyntaxError('a pattern cannot hold a NUL byte', 'remove it');
    if (pattern.length > MAX_PATTERN_BYTES)
      throw new RuleSyntaxError(`the pattern is longer than ${MAX_PATTERN_BYTES} bytes`, 'shorten it');
  }
}

/** The lines of a rule file that hold a rule: not empty, and no comment (`#` or `;` as the first byte). */
function* ruleLines(content: string): Generator<{ text: string; line: number }> {
  let line = 0;
  for (const text of content.split(/\r\n|\r|\n/)) {
    line++;
    if (text !== '' && !text.startsWith('#') && !text.startsWith(';')) yield { text, line };
  }
}

function refusing<T>(origin: string, text: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RuleSyntaxError)) throw error;
    const rule = displayPath(text as PathBytes);
    const where = origin.endsWith(`=${rule}`) ? origin : `${origin}: ${rule}`;
    throw new SynclineError('FILTER', `${where}: ${error.message}`, error.remedy, { cause: error });
  }
}
