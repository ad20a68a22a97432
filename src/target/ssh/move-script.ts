import type { Move } from '../../model/batch.ts';
import { parentPath, pathFromText } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';

/** The first line of output: what comes before it was printed by the start-up files of the shell. */
export const SCRIPT_BEGINS = 'syncline: moves';

/**
 * `d`: a directory and no symlink. `k`: that, made if it is missing. `m`: one move of a directory (d) or of anything else
 * (f). Without -T, of GNU and BusyBox, mv would move into a directory that is there. No name begins with a hyphen.
 */
const FUNCTIONS = `
CDPATH=; LC_ALL=C; export LC_ALL
d() { [ -d "$1" ] && [ ! -L "$1" ]; }
k() { d "$1" || { mkdir -m 700 -- "$1" && d "$1"; } 2>/dev/null; }
m() {
  if [ "$1" = d ]; then d "$2"; else { [ -e "$2" ] || [ -L "$2" ]; } && ! d "$2"; fi || return 1
  [ -n "$T" ] || { [ ! -d "$3" ] && [ ! -L "$3" ]; } || return 1
  mv -f $T -- "$2" "$3" </dev/null 2>/dev/null
}
case $(mv --help 2>&1 </dev/null) in *-T*) T=-T ;; *) T= ;; esac
`;

const MOVES_PER_CHUNK = 500;

/**
 * A script for a POSIX shell that makes the moves below `root` in their order and prints `made N` for each that it could
 * make, N counting from 0. All names are quoted. The rules are those of `Mover`.
 */
export function* moveScript(root: string, moves: readonly Move[]): Generator<Buffer> {
  const place = root === '' ? '.' : root.startsWith('/') ? root : `./${root}`;
  yield latin1(
    `echo '${SCRIPT_BEGINS}'${FUNCTIONS}cd -- ${quote(pathFromText(place))} 2>/dev/null || exit 0\n`,
  );
  for (let at = 0; at < moves.length; at += MOVES_PER_CHUNK) {
    const lines = moves.slice(at, at + MOVES_PER_CHUNK).map((move, index) => moveLine(move, at + index));
    yield latin1(lines.join(''));
  }
  yield latin1('{ exit 0; }\n');
}

/** Which of `count` moves a line of the script's output says to be made. */
export function madeMove(line: string, count: number): number | undefined {
  const number = Number(/^made (\d+)$/.exec(line)?.[1] ?? NaN);
  return number < count ? number : undefined;
}

function moveLine({ from, to, isDirectory }: Move, number: number): string {
  const ways = [
    ...parentsOf(from).map((path) => `d ${quoteBelow(path)}`),
    ...parentsOf(to).map((path) => `k ${quoteBelow(path)}`),
    `m ${isDirectory ? 'd' : 'f'} ${quoteBelow(from)} ${quoteBelow(to)}`,
  ];
  // The braces: of a line that a broken connection cut in the middle, nothing may be run.
  return `{ ${ways.join(' && ')} && echo made ${number}; }\n`;
}

/** The directories above a path, the topmost first. */
function parentsOf(path: PathBytes): PathBytes[] {
  const parents: PathBytes[] = [];
  for (let up = parentPath(path); up !== ''; up = parentPath(up)) parents.unshift(up);
  return parents;
}

function quoteBelow(path: PathBytes): string {
  return quote(`./${path}` as PathBytes);
}

/** Every byte but NUL stands for itself between single quotes. */
function quote(path: PathBytes): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
