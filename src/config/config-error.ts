import { type ErrorCode, SynclineError } from '../model/syncline-error.ts';
import { type ConfigDocument, type ConfigPath, pathText, type Position } from './config-document.ts';

/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Where the file says so; undefined where that is not known. */
  readonly position?: Position | undefined;
  readonly path: ConfigPath;
  /** What was found, what is allowed, and the nearest right spelling. */
  readonly message: string;
}

/** Everything that is wrong with one configuration: a line for each problem. */
export class ConfigError extends SynclineError {
  override readonly name = 'SynclineError';
  /** Each of them once. */
  readonly problems: readonly ConfigProblem[];
  /** One for each problem, in the order of the file: `FILE:LINE:COLUMN: PATH: MESSAGE`. */
  readonly lines: readonly string[];

  /** `code` is `CONFIG` for what can never work. */
  constructor(
    file: string,
    problems: readonly ConfigProblem[],
    code: ErrorCode = 'CONFIG',
    options?: ErrorOptions,
  ) {
    const all = withoutRepeats(problems);
    const count = all.length === 1 ? 'a problem' : `${all.length} problems`;
    const lines = inOrder(all).map((problem) => problemText(file, problem));
    super(code, `${file} has ${count}:${lines.map((line) => `\n  ${line}`).join('')}`, undefined, options);
    this.problems = all;
    this.lines = lines;
  }
}

/** A problem at `path`, with the place that the document has for it. */
export function problemAt(
  document: Pick<ConfigDocument, 'locate'>,
  path: ConfigPath,
  message: string,
  of: 'key' | 'value' = 'value',
): ConfigProblem {
  return { position: document.locate(path, of), path, message };
}

/** `FILE:LINE:COLUMN: PATH: MESSAGE`. */
function problemText(file: string, { position, path, message }: ConfigProblem): string {
  const place = [file, ...(position === undefined ? [] : [position.line, position.column])]
    .filter((part) => part !== undefined)
    .join(':');
  return [place, ...(path.length === 0 ? [] : [pathText(path)]), message].join(': ');
}

function withoutRepeats(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const seen = new Map(problems.map((problem) => [JSON.stringify([problem.path, problem.message]), problem]));
  return [...seen.values()];
}

function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const at = ({ position }: ConfigProblem): number =>
    position === undefined ? 0 : position.line * 1e6 + (position.column ?? 0);
  return problems.toSorted((a, b) => at(a) - at(b));
}
