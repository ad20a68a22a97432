import { isUtf8 } from 'node:buffer';
import type { PathBytes } from '../../model/path-bytes.ts';
import { pathToBuffer } from '../../model/path-bytes.ts';

/** A command as `child_process` takes it: text. */
export interface ExactCommand {
  readonly program: string;
  readonly arguments: readonly string[];
  /** To be added to the child's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * `$1` counts the variables (`NAME=value`) that come before the program and its arguments. A word behind `t` is text as it
 * is; one behind `b` is ASCII, with `\0ooo` for other bytes, which `%b` turns back (POSIX printf; the dot saves newlines at
 * the end of the word).
 */
const DECODE = `syncline_left=$1
shift
for syncline_word do
  shift
  case $syncline_word in
    b*)
      syncline_word=$(printf '%b.' "\${syncline_word#b}")
      syncline_word=\${syncline_word%.}
      ;;
    *) syncline_word=\${syncline_word#t} ;;
  esac
  if [ "$syncline_left" -gt 0 ]; then
    export "$syncline_word"
    syncline_left=$((syncline_left - 1))
  else
    set -- "$@" "$syncline_word"
  fi
done
unset syncline_left syncline_word
exec "$@"`;

/**
 * Node gives arguments and environment to a child as UTF-8 only. Where a word is not UTF-8, the command is run through
 * `sh`, which decodes the bytes and becomes the program: its exit code and process id are the program's.
 */
export function exactCommand(
  words: readonly PathBytes[],
  environment: Readonly<Record<string, PathBytes>>,
): ExactCommand {
  const variables = Object.entries(environment);
  const all = [...words, ...variables.map(([, value]) => value)];
  if (all.every((word) => isUtf8(pathToBuffer(word)))) {
    const [program = '', ...rest] = words.map(asText);
    const texts = variables.map(([name, value]) => [name, asText(value)] as const);
    return { program, arguments: rest, environment: Object.fromEntries(texts) };
  }
  const assignments = variables.map(([name, value]) => `${name}=${value}`);
  const encoded = [...assignments, ...words].map(encode);
  return {
    program: 'sh',
    arguments: ['-c', DECODE, 'sh', String(assignments.length), ...encoded],
    environment: {},
  };
}

function asText(word: PathBytes): string {
  return pathToBuffer(word).toString('utf8');
}

/** Three octal digits always, so that a digit behind them stays one. */
function encode(word: string): string {
  const bytes = Buffer.from(word, 'latin1');
  if (isUtf8(bytes)) return `t${bytes.toString('utf8')}`;
  return `b${word.replaceAll(/[^ -[\]-~]/g, (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)}`;
}
