import type { PathBytes } from '../../model/path-bytes.ts';
import { parentPath, pathFromText } from '../../model/path-bytes.ts';
import type { CommandEventKind } from './command-options.ts';

/** One thing to tell a command. Paths are relative to the source root, which is `''`. */
export interface CommandEvent {
  readonly kind: CommandEventKind;
  /** Of a move: where it is now. */
  readonly path: PathBytes;
  /** Of a move: where it was. */
  readonly from?: PathBytes;
  /** Of a deleted name: what it was, as far as is known. */
  readonly isDirectory: boolean;
}

/** Where paths begin. */
export interface CommandPlaces {
  readonly source: PathBytes;
  readonly target: string;
}

const FORMS = ['path', 'pathname', 'pathdir'] as const;
const BASES = ['', 'source', 'target'] as const;

type Form = (typeof FORMS)[number];
type Base = (typeof BASES)[number];
type PathVariable = Form | `source${Capitalize<Form>}` | `target${Capitalize<Form>}`;

/**
 * What an argument may hold. `path` ends in a slash for a directory, `pathname` does not, `pathdir` is the directory that
 * holds it, with a slash; all relative to the root, or below the source or target root. `from...` is the old name of a
 * move. The root itself is `.` as `pathname`.
 */
export type CommandVariable =
  'event' | 'source' | 'target' | PathVariable | `from${Capitalize<PathVariable>}`;

interface PathReading {
  readonly isFrom: boolean;
  readonly base: Base;
  readonly form: Form;
}

const readings: ReadonlyMap<string, PathReading> = new Map(
  [false, true].flatMap((isFrom) =>
    BASES.flatMap((base) =>
      FORMS.map((form) => {
        const name = base === '' ? form : `${base}${capital(form)}`;
        return [isFrom ? `from${capital(name)}` : name, { isFrom, base, form }] as const;
      }),
    ),
  ),
);

/** Every variable, for whoever reads them from text. */
export const COMMAND_VARIABLES: readonly CommandVariable[] = [
  'event',
  'source',
  'target',
  ...(readings.keys() as Iterable<CommandVariable>),
];

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

/** True for a variable that only an event has. */
export function isEventVariable(variable: CommandVariable): boolean {
  return variable !== 'source' && variable !== 'target';
}

/** The value of a variable; '' where the event has none (`from...` of what is no move). */
export function variableValue(
  variable: CommandVariable,
  event: CommandEvent,
  { source, target }: CommandPlaces,
): PathBytes {
  if (variable === 'event') return event.kind as string as PathBytes;
  if (variable === 'source') return source;
  if (variable === 'target') return pathFromText(target);
  const reading = readings.get(variable);
  const path = reading?.isFrom === true ? event.from : event.path;
  if (reading === undefined || path === undefined) return '' as PathBytes;
  const relative = formOf(reading.form, path, event.isDirectory);
  switch (reading.base) {
    case '':
      return (relative === '' && reading.form === 'pathname' ? '.' : relative) as PathBytes;
    case 'source':
    case 'target': {
      const root = reading.base === 'source' ? source : pathFromText(target);
      const isRootItself = relative === '' && reading.form === 'pathdir' && root !== '';
      return isRootItself ? withSlash(root) : below(root, relative);
    }
  }
}

function formOf(form: Form, path: PathBytes, isDirectory: boolean): string {
  switch (form) {
    case 'path':
      return isDirectory && path !== '' ? `${path}/` : path;
    case 'pathname':
      return path;
    case 'pathdir': {
      const parent = parentPath(path);
      return parent === '' ? '' : `${parent}/`;
    }
  }
}

function below(root: PathBytes, relative: string): PathBytes {
  if (root === '') return (relative === '' ? '.' : relative) as PathBytes;
  if (relative === '') return root;
  return `${withSlash(root)}${relative}` as PathBytes;
}

function withSlash(root: PathBytes): PathBytes {
  return (root.endsWith('/') ? root : `${root}/`) as PathBytes;
}
