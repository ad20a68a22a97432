import { SynclineError } from '../../model/syncline-error.ts';
import type { EventNames, SyncEvent } from '../../model/user-action.ts';

const NAMES = ['path', 'pathname', 'pathdir'] as const;
type NameVariable = keyof EventNames;
type RootVariable = 'source' | 'target';

const nameVariables = ['', 'source', 'target'].flatMap((base) =>
  NAMES.map((name) => (base === '' ? name : `${base}${name.charAt(0).toUpperCase()}${name.slice(1)}`)),
) as readonly NameVariable[];

const NAMES_AND_ROOTS: readonly string[] = [...nameVariables, 'source', 'target'].sort(
  (a, b) => b.length - a.length,
);
const anyName = NAMES_AND_ROOTS.join('|');

/** Of an old name (`^o.`) or a new one (`^d.`) of a move, or of the event; the longest word counts, or the one in braces. */
const variable = new RegExp(
  `\\^(?:\\{(?:([od])\\.)?(${anyName})\\}|(?:([od])\\.)?(${anyName})(?![A-Za-z]))`,
  'y',
);

/** What only looks like a variable. */
const likeVariable = /\^\{?(?:[od]\.)?([A-Za-z]+)/y;

/** Gives the value of a variable for an event. */
type ValueOf = (event: SyncEvent) => string;
/** Texts and variables side by side. */
type Parts = readonly (string | ValueOf)[];

/**
 * A command string as a function for single events. One that begins with a slash is a program with its arguments, parted at
 * spaces but within double quotes, and no shell reads it. Any other is a text for `sh` (a `^` in front, which is no variable's,
 * says that of one that goes on with a slash), in which a variable is a positional parameter: no name becomes a part of the
 * text. `^o.` and `^d.` are for moves alone (`isMove`). `^{NAME}` parts a variable from letters behind it.
 * Throws a SynclineError (CONFIG) for what can never work.
 */
export function commandFunction(text: string, isMove: boolean): (event: SyncEvent) => void {
  if (text.trim() === '') throw wrong('the command is empty');
  if (text.startsWith('/')) return programFunction(text, isMove);
  const isMarked = text.startsWith('^') && variableAt(text, 0, isMove) === undefined;
  return shellFunction(isMarked ? text.slice(1) : text, isMove);
}

function programFunction(text: string, isMove: boolean): (event: SyncEvent) => void {
  const words = wordsOf(text).map((word) => partsOf(word, isMove));
  return (event) => {
    const [program = '', ...rest] = words.map((parts) => filled(parts, event));
    event.spawn(program, ...rest);
  };
}

function shellFunction(text: string, isMove: boolean): (event: SyncEvent) => void {
  const { script, values } = shellText(text, isMove);
  return (event) => {
    event.spawnShell(script, ...values.map((valueOf) => valueOf(event)));
  };
}

/** Parted at spaces; double quotes keep them, and are not a part of the word. */
function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (const character of text) {
    if (character === '"') {
      isQuoted = !isQuoted;
      word ??= '';
    } else if (character === ' ' && !isQuoted) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (isQuoted) throw wrong('a double quote is not closed');
  return word === undefined ? words : [...words, word];
}

function partsOf(word: string, isMove: boolean): Parts {
  const parts: (string | ValueOf)[] = [];
  let text = '';
  for (let at = 0; at < word.length;) {
    const found = variableAt(word, at, isMove);
    if (found === undefined) {
      refuseLikeVariable(word, at, false);
      text += word.charAt(at++);
      continue;
    }
    parts.push(text, found.valueOf);
    text = '';
    at = found.end;
  }
  return [...parts, text];
}

function filled(parts: Parts, event: SyncEvent): string {
  return parts.map((part) => (typeof part === 'string' ? part : part(event))).join('');
}

interface Found {
  readonly valueOf: ValueOf;
  readonly end: number;
}

function variableAt(text: string, at: number, isMove: boolean): Found | undefined {
  variable.lastIndex = at;
  const [whole, bracedSide, bracedName, bareSide, bareName] = variable.exec(text) ?? [];
  const side = bracedSide ?? bareSide;
  const name = bracedName ?? bareName;
  if (whole === undefined || name === undefined) return undefined;
  const end = at + whole.length;
  if (side !== undefined && !isMove) throw wrong(`${whole} is for onMove alone`);
  if (name === 'source' || name === 'target') {
    if (side !== undefined) throw wrong(`${whole} is not there: write ^${name}`);
    const root: RootVariable = name;
    return { end, valueOf: (event) => event[root] };
  }
  const key = name as NameVariable;
  if (side === 'o') return { end, valueOf: ({ origin }) => origin?.[key] ?? '' };
  return { end, valueOf: (event) => event[key] };
}

/** A variable that is misspelt, or that letters follow, would be told to a program as it stands. */
function refuseLikeVariable(text: string, at: number, isShell: boolean): void {
  likeVariable.lastIndex = at;
  const [shown, word = ''] = likeVariable.exec(text) ?? [];
  if (shown === undefined) return;
  const isPlain = isShell ? '; for a plain ^ put a backslash before it' : '';
  const meant = NAMES_AND_ROOTS.find((name) => name.toLowerCase() === word.toLowerCase());
  const start = NAMES_AND_ROOTS.find((name) => word.startsWith(name) && word !== name);
  const ways = [
    ...(meant === undefined ? [] : [`^${meant}`]),
    ...(start === undefined ? [] : [`^{${start}}${word.slice(start.length)}`]),
  ];
  if (ways.length > 0) throw wrong(`${shown} is no variable; did you mean ${ways.join(' or ')}?${isPlain}`);
}

/** How a shell reads the place it is at: outside of quotes, or within. */
type Quoting = 'none' | 'double' | 'single' | 'command' | 'backquote';

/**
 * The text with `$N` in the place of each variable, quoted where it is not within double quotes already: so it is one word,
 * whatever is in it. What a shell reads as a command within double quotes has quotes of its own.
 */
function shellText(
  text: string,
  isMove: boolean,
): { readonly script: string; readonly values: readonly ValueOf[] } {
  const values: ValueOf[] = [];
  const within: Quoting[] = ['none'];
  let script = '';
  for (let at = 0; at < text.length;) {
    const quoting = within.at(-1) ?? 'none';
    const found = variableAt(text, at, isMove);
    if (found !== undefined) {
      const shown = text.slice(at, found.end);
      if (quoting === 'single')
        throw wrong(
          `${shown} stands in single quotes, where a shell puts nothing in; use double quotes or none`,
        );
      values.push(found.valueOf);
      script += quoting === 'double' ? `\${${values.length}}` : `"\${${values.length}}"`;
      at = found.end;
      continue;
    }
    if (quoting !== 'single') refuseLikeVariable(text, at, true);
    const length = step(text, at, quoting, within);
    script += text.slice(at, at + length);
    at += length;
  }
  return { script, values };
}

/** Follows the quotes over one character, or over two that belong together; gives how many. */
function step(text: string, at: number, quoting: Quoting, within: Quoting[]): number {
  const character = text.charAt(at);
  if (quoting === 'single') {
    if (character === "'") within.pop();
    return 1;
  }
  if (character === '\\') return 2;
  if (character === '$' && text.charAt(at + 1) === '(') {
    within.push('command');
    return 2;
  }
  if (character === '`') {
    if (quoting === 'backquote') within.pop();
    else within.push('backquote');
  } else if (character === '"') {
    if (quoting === 'double') within.pop();
    else within.push('double');
  } else if (quoting !== 'double') {
    if (character === "'") within.push('single');
    else if (character === '(') within.push('command');
    else if (character === ')' && quoting === 'command') within.pop();
  }
  return 1;
}

function wrong(message: string): SynclineError {
  return new SynclineError('CONFIG', message);
}
