import type { PathBytes } from '../../model/path-bytes.ts';

/** What rsync prints for one entry with `--out-format='%i %l %b %n'`, or a line of `--info=progress2`. */
export type OutputLine =
  | { readonly kind: 'updated'; readonly path: PathBytes; readonly bytes: number; readonly change: string }
  /** A directory of which only the time was set. */
  | { readonly kind: 'directoryTime'; readonly path: PathBytes }
  | { readonly kind: 'deleted'; readonly path: PathBytes }
  | {
      readonly kind: 'progress';
      readonly bytes: number;
      readonly entriesDone: number;
      /** Undefined while rsync is still listing. */
      readonly entriesTotal: number | undefined;
    }
  /** A regular file that needed nothing; named with `-ii` only. */
  | { readonly kind: 'unchanged' }
  /** How many names the sender has listed, the root included; printed with `--stats` only. */
  | { readonly kind: 'sourceNames'; readonly count: number }
  /** The target root did not exist and was made. */
  | { readonly kind: 'rootCreated' }
  /** rsync could not read all of the source and therefore left out all further deletions of a full compare. */
  | { readonly kind: 'deletionsSkipped' };

/** What rsync, ssh or a remote shell said on stderr. */
export type ErrorLine =
  | {
      readonly kind: 'path';
      /** `sender`, `generator`, `receiver`, or `''` where rsync does not say. */
      readonly role: string;
      readonly operation: string;
      /** As printed: absolute or relative to the target root. */
      readonly path: string;
      readonly reason: string;
      readonly errno: number;
    }
  | { readonly kind: 'vanished'; readonly path: string }
  | { readonly kind: 'other'; readonly text: string };

/** The argument that makes rsync print what {@link parseOutputLine} reads: change, size, bytes on the wire, name. */
export const OUT_FORMAT = '--out-format=%i %l %b %n';

const itemized = /^(\*deleting|[<>ch.][fdLDS]\S{9}) +(\d+) (\d+) (.*)$/s;
const progress = /^ *(\d+) +\d+% +\S+ +\S+(?: +\(xfr#\d+, (to|ir)-chk=(\d+)\/(\d+)\))?/;

/** Reads a line of stdout (a binary string); undefined for what is of no interest. */
export function parseOutputLine(line: string): OutputLine | undefined {
  const match = itemized.exec(line);
  if (match) {
    const [, change = '', , wireBytes = '0', name = ''] = match;
    const path = relative(unescapeName(name));
    if (change === '*deleting') return { kind: 'deleted', path };
    if (/^\.d\.\.t\.+$/.test(change)) return { kind: 'directoryTime', path };
    return { kind: 'updated', path, bytes: /^[<>]/.test(change) ? Number(wireBytes) : 0, change };
  }
  const counts = progress.exec(line);
  if (counts) {
    const [, bytes, phase, left, total] = counts;
    if (total === undefined) return undefined;
    return {
      kind: 'progress',
      bytes: Number(bytes),
      entriesDone: Number(total) - Number(left),
      entriesTotal: phase === 'to' ? Number(total) : undefined,
    };
  }
  if (/^\.f {9} /.test(line)) return { kind: 'unchanged' };
  if (line.startsWith('IO error encountered -- skipping file deletion')) return { kind: 'deletionsSkipped' };
  const listed = /^Number of files: ([\d,.]+)/.exec(line);
  if (listed) return { kind: 'sourceNames', count: Number(listed[1]?.replaceAll(/[,.]/g, '')) };
  return /^created \d*\s*director(?:y|ies) /.test(line) ? { kind: 'rootCreated' } : undefined;
}

const pathError = /^rsync: (?:\[(\w+)\] )?(.*): ([^:]*) \((\d+)\)$/s;

/** Reads a line of stderr (a binary string). */
export function parseErrorLine(line: string): ErrorLine {
  const vanished = /^(?:file|directory) has vanished: "(.*)"(?: \(in [^)]*\))?$/s.exec(line);
  if (vanished) return { kind: 'vanished', path: unescapeName(vanished[1] ?? '') };
  const noWay = /^could not make way for (?:new )?([^:]+): (.*)$/s.exec(line);
  if (noWay)
    return pathLine('generator', `make way for ${noWay[1] ?? ''}`, noWay[2] ?? '', 'Directory not empty', 39);
  const discarded = /^ERROR: (.*) failed verification -- update discarded\.$/s.exec(line);
  if (discarded)
    return pathLine('receiver', 'verify', discarded[1] ?? '', 'content changed while it was sent', 0);
  const match = pathError.exec(line);
  if (match) {
    const [, role = '', what = '', reason = '', errno] = match;
    const named = namedPath(what);
    if (named) return pathLine(role, named.operation, named.path, reason, Number(errno));
  }
  return { kind: 'other', text: unescapeName(line) };
}

function pathLine(role: string, operation: string, path: string, reason: string, errno: number): ErrorLine {
  return { kind: 'path', role, operation, path: unescapeName(path), reason, errno };
}

/** The operation and the path in `mkdir "P" failed`, `rename "TMP" -> "P"`, `delete_file: unlink(P) failed` and the like. */
function namedPath(what: string): { operation: string; path: string } | undefined {
  const quoted = /^(.*?)\(?"(.*)"\)?(?: \(in .*?\))?(?: failed)?$/s.exec(what);
  if (quoted) {
    const operation = plainOperation(quoted[1] ?? '');
    const [first = '', ...rest] = (quoted[2] ?? '').split(/" (?:\(in [^"]*?\) )?-> "|","/);
    // rsync writes a temporary file and renames it to the name in question; a symlink is named before what it points to.
    return { operation, path: /rename|hard ?link|copy/.test(operation) ? (rest.at(-1) ?? first) : first };
  }
  const called = /^(?:\w+: )?(\w+)\((.*?)(?:, ACL_TYPE_\w+)?\)(?: failed)?$/s.exec(what);
  return called ? { operation: called[1] ?? '', path: called[2] ?? '' } : undefined;
}

function plainOperation(text: string): string {
  const plain = text
    .trim()
    .replace(/^\w+: (?=\S)/, '')
    .replace(/^(?:\w+ )?failed to /, '')
    .replace(/ (?:on|for)$/, '');
  return plain === '' ? 'rsync' : plain;
}

/**
 * Undoes rsync's `\#ooo` (three octal digits). rsync escapes a backslash in front of what looks like an escape, so this
 * is exact for every name.
 */
export function unescapeName(text: string): string {
  return text.replace(/\\#([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8) & 0xff));
}

function relative(name: string): PathBytes {
  const path = name.replace(/\/+$/, '');
  return (path === '.' ? '' : path) as PathBytes;
}

/**
 * Turns a path as rsync printed it into one relative to the root: strips one of `roots` (without trailing slash), takes
 * a relative one as it is. An absolute path below a root that is not known here (a home on the far side, the inside of
 * a daemon's module) is cut from the left until `isKnown` says that it is a name of ours. Undefined: it is none.
 */
export function resolveReported(
  reported: string,
  roots: readonly string[],
  isKnown: (path: PathBytes) => boolean,
): PathBytes | undefined {
  const path = reported.replace(/\/\.?$/, '');
  if (!path.startsWith('/')) return relative(path.replace(/^\.\//, ''));
  for (const root of roots) {
    if (path === root) return '' as PathBytes;
    const prefix = root.endsWith('/') ? root : `${root}/`;
    if (path.startsWith(prefix)) return relative(path.slice(prefix.length));
  }
  for (let slash = 0; slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const rest = path.slice(slash + 1) as PathBytes;
    if (rest !== '' && isKnown(rest)) return rest;
  }
  return undefined;
}

/** The name behind rsync's temporary `.NAME.XXXXXX` in the same directory, or the path itself. */
export function withoutTemporaryName(path: PathBytes): PathBytes {
  return path.replace(/(^|\/)\.([^/]+)\.[A-Za-z0-9]{6}$/s, '$1$2') as PathBytes;
}
