import type { PathBytes } from '../../model/path-bytes.ts';
import { displayPath, pathFromText } from '../../model/path-bytes.ts';
import { COMMAND_VARIABLES, isEventVariable } from './command-event.ts';
import type { CommandVariable } from './command-event.ts';

/** One argument: texts and variables side by side. What a variable stands for goes in as it is, byte by byte. */
export type CommandWord = readonly (string | { readonly variable: CommandVariable })[];

/**
 * A program and its arguments, which no shell reads; or a text that `sh -c` reads, with `parameters` as `$1`, `$2`, ...: so
 * no name can become a part of the text.
 */
export type CommandLine =
  | { readonly kind: 'program'; readonly words: readonly CommandWord[] }
  | { readonly kind: 'shell'; readonly text: string; readonly parameters: readonly CommandWord[] };

/**
 * What a program for events is given if its arguments are not named: the event, the name below the source and below the
 * target, and for a move the two old names behind them.
 */
export const EVENT_WORDS: readonly CommandWord[] = variables('event', 'sourcePathname', 'targetPathname');
export const MOVE_WORDS: readonly CommandWord[] = [
  ...EVENT_WORDS,
  ...variables('fromSourcePathname', 'fromTargetPathname'),
];

function variables(...names: readonly CommandVariable[]): CommandWord[] {
  return names.map((variable) => [{ variable }]);
}

const placeholder = new RegExp(`\\{(${COMMAND_VARIABLES.join('|')})\\}`);

/** Reads `{sourcePath}` and the like in a text; braces around anything else stay as they are. */
export function parseWord(text: string): CommandWord {
  // With a group, split gives text and variable by turns.
  return text
    .split(placeholder)
    .map((part, index) => (index % 2 === 0 ? part : { variable: part as CommandVariable }))
    .filter((part) => part !== '');
}

/** The first variable in a command that only an event has a value for. */
export function eventVariableIn(line: CommandLine): CommandVariable | undefined {
  const words = line.kind === 'program' ? line.words : line.parameters;
  return words
    .flat()
    .map((part) => (typeof part === 'string' ? undefined : part.variable))
    .find((variable) => variable !== undefined && isEventVariable(variable));
}

/** The program and its arguments with all variables filled in. */
export function filledWords(
  line: CommandLine,
  valueOf: (variable: CommandVariable) => PathBytes,
): readonly PathBytes[] {
  const fill = (word: CommandWord): PathBytes =>
    word
      .map((part) => (typeof part === 'string' ? pathFromText(part) : valueOf(part.variable)))
      .join('') as PathBytes;
  if (line.kind === 'program') return line.words.map(fill);
  return [...['sh', '-c', line.text, 'sh'].map(pathFromText), ...line.parameters.map(fill)];
}

/** For people: the program without its arguments, or the beginning of the text for the shell. */
export function commandName(line: CommandLine): string {
  if (line.kind === 'shell') {
    const text = line.text.trim().replaceAll(/\s+/g, ' ');
    return text.length > 40 ? `${text.slice(0, 39)}…` : text;
  }
  const [program = []] = line.words;
  return displayPath(
    pathFromText(program.map((part) => (typeof part === 'string' ? part : `{${part.variable}}`)).join('')),
  );
}
