import { takesAnyBytes } from './this-system.ts';
/** One change of a tree that a mirror has to follow. Scripts are bash and run in the root of the tree they change. */
export interface MirrorCase {
  readonly name: string;
  /** Makes the source; it is then mirrored. */
  readonly before?: string;
  /** Then changes the target behind the mirror's back. */
  readonly drift?: string;
  /** Then changes the source. */
  readonly change: string;
  /** What the batch names; a pair holds hints, a single path means new content. */
  readonly entries?: readonly (string | Buffer | readonly [string | Buffer, number])[];
  readonly subtrees?: readonly string[];
  readonly contentSubtrees?: readonly string[];
  /** A name that only the target keeps, so that the trees differ by it. */
  readonly keeps?: readonly string[];
}

const ATTRIB = 8;

/** The situations of which each has broken a mirror made with rsync. */
export const MIRROR_CASES: readonly MirrorCase[] = [
  { name: 'a new file', change: 'echo 1 > f', entries: ['f'] },
  { name: 'new content', before: 'echo 1 > f', change: 'echo 22 > f', entries: ['f'] },
  {
    name: 'a deleted file',
    before: 'mkdir a; echo 1 > a/f; echo 2 > a/g',
    change: 'rm a/f',
    entries: ['a/f'],
  },
  {
    name: 'mode, owner or time alone',
    before: 'mkdir d; echo 1 > m; echo 1 > o; echo 1 > t',
    change: 'chmod 700 d; chmod 640 m; chown 1:1 o || true; touch -d @1000000000.5 t',
    entries: [
      ['d', ATTRIB | 32],
      ['m', ATTRIB],
      ['o', ATTRIB],
      ['t', ATTRIB],
    ],
  },
  { name: 'a new empty directory', change: 'mkdir -p e/e; chmod 750 e/e', entries: ['e', 'e/e'] },
  {
    name: 'a new directory with all its content named',
    change: 'mkdir -p n/n; echo 1 > n/f; echo 2 > n/n/g',
    entries: ['n', 'n/f', 'n/n', 'n/n/g'],
  },
  {
    name: 'a new directory as a subtree',
    change: 'mkdir -p n/n; echo 1 > n/f; echo 2 > n/n/g',
    subtrees: ['n'],
  },
  {
    name: 'several subtrees, one deep, one gone, one a file by now',
    before: 'mkdir -p a/x b/y c z; echo 1 > a/x/f; echo 2 > b/y/g; echo 3 > c/h; echo 4 > z/i',
    drift:
      'echo e > a/x/extra; mkdir b/y/extra; echo e > b/y/extra/f; echo k > a/kept; touch -r ../source/a a',
    change: 'rm -r z c; echo c > c; echo 3 > a/x/new; touch b/y',
    subtrees: ['a/x', 'b/y', 'c', 'z'],
    keeps: ['a/kept'],
  },
  {
    name: 'other content of equal size and time, in a subtree by content',
    before: 'mkdir -p e/f; echo 1 > e/f/g; echo 1 > e/h; touch -d @1000000000 e/f/g e/h',
    drift: 'echo x > e/extra',
    change: 'echo 2 > e/f/g; touch -d @1000000000 e/f/g; echo 3 > e/new',
    contentSubtrees: ['e'],
  },
  {
    name: 'other content of equal size and time, in a subtree by content and as a name, within one by size and time',
    before: 'mkdir -p e/f/g; echo 1 > e/f/g/h; echo 1 > e/i; touch -d @1000000000 e/f/g/h e/i',
    drift: 'echo x > e/f/g/extra; echo x > e/extra',
    change:
      'echo 2 > e/f/g/h; echo 2 > e/i; touch -d @1000000000 e/f/g/h e/i; echo 3 > e/new; rm -r e/f; mkdir -p e/f/g; echo 3 > e/f/g/h; touch -d @1000000000 e/f/g/h',
    entries: ['e/i', 'e/gone/too'],
    subtrees: ['e'],
    contentSubtrees: ['e/f'],
  },
  {
    name: 'a deleted directory, itself alone named, with more on the target',
    before: 'mkdir -p d/e; echo 1 > d/e/f',
    drift: 'echo 2 > d/extra',
    change: 'rm -r d',
    entries: ['d'],
  },
  {
    name: 'a deleted directory and all its content named',
    before: 'mkdir -p d/e; echo 1 > d/e/f; echo 1 > d/g',
    change: 'rm -r d',
    entries: ['d', 'd/e', 'd/e/f', 'd/g'],
  },
  {
    name: 'a file named whose directories are gone too',
    before: 'mkdir -p d/x/y; echo 1 > d/x/y/f',
    change: 'rm -r d',
    entries: ['d/x/y/f'],
  },
  { name: 'a name whose directories never reached the target', change: 'true', entries: ['q/x/y/f'] },
  {
    name: 'a directory missing on the target',
    before: 'mkdir -p p/q; echo 1 > p/q/f; chmod 711 p',
    drift: 'rm -r p',
    change: 'echo 22 > p/q/f',
    entries: ['p/q/f'],
  },
  {
    name: 'a file that became a directory',
    before: 'echo 1 > x',
    change: 'rm x; mkdir x; echo 2 > x/f',
    entries: ['x', 'x/f'],
  },
  {
    name: 'a directory that became a file',
    before: 'mkdir -p d/x; echo 1 > d/x/f',
    change: 'rm -r d/x; echo 2 > d/x',
    entries: ['d/x'],
  },
  {
    name: 'a directory that became a symlink',
    before: 'mkdir -p d/x; echo 1 > d/x/f',
    change: 'rm -r d/x; ln -s nowhere d/x',
    entries: ['d/x'],
  },
  {
    name: 'a directory that became a file, its old content still named',
    before: 'mkdir -p d/x; echo 1 > d/x/f',
    change: 'rm -r d/x; echo 2 > d/x',
    entries: ['d/x/f'],
  },
  {
    name: 'a directory that became a symlink to a directory, its old content still named',
    before: 'mkdir -p d other; echo 1 > d/f; echo 2 > other/f',
    change: 'rm -r d; ln -s other d',
    entries: ['d/f'],
  },
  {
    name: 'a name that leads through a symlink',
    before: 'mkdir dir; ln -s dir link',
    change: 'echo 1 > dir/new',
    entries: ['dir/new', 'link/new'],
  },
  {
    name: 'symlinks made, changed, dangling and replaced',
    before: 'echo 1 > a; ln -s a b; ln -s a c; ln -s a d',
    change: 'rm a b d; ln -s c a; echo 2 > b; ln -sfn nowhere c; mkdir d',
    entries: ['a', 'b', 'c', 'd'],
  },
  {
    name: 'a symlink on the target where the source has a directory',
    before: 'mkdir d; echo 1 > d/f',
    drift:
      'mkdir ../outside; echo kept > ../outside/f; echo kept > ../outside/g; rm -r d; ln -s ../outside d',
    change: 'echo 22 > d/f',
    entries: ['d/f', 'd/g'],
  },
  {
    name: 'a symlink on the target where a subtree is to be compared',
    before: 'mkdir -p d/e; echo 1 > d/e/f',
    drift: 'mkdir -p ../outside/e; echo kept > ../outside/e/g; rm -r d; ln -s ../outside d',
    change: 'echo 22 > d/e/f',
    subtrees: ['d/e'],
  },
  {
    name: 'a directory on the target where the source lost a file',
    before: 'echo 1 > x',
    drift: 'rm x; mkdir x; echo 1 > x/f',
    change: 'rm x',
    entries: ['x'],
  },
  {
    name: 'a deleted symlink to a directory',
    before: 'mkdir dir; echo 1 > dir/f; ln -s dir link',
    change: 'rm link',
    entries: ['link'],
  },
  {
    name: 'a deleted directory with a symlink out of the tree',
    before: 'mkdir d; ln -s ../../outside d/link',
    drift: 'mkdir -p ../outside; echo kept > ../outside/f',
    change: 'rm -r d',
    entries: ['d'],
  },
  {
    name: 'a fifo and a socket',
    change: `mkfifo pipe; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'`,
    entries: ['pipe', 'sock'],
  },
  {
    name: 'names that mean something to rsync or a shell',
    change: String.raw`while IFS= read -r -d '' n; do echo 1 > "./$n"; done < <(printf '%s\0' ${hostileWords()})`,
    entries: hostileNames(),
  },
  {
    name: 'such names deleted',
    before: String.raw`while IFS= read -r -d '' n; do echo 1 > "./$n"; done < <(printf '%s\0' ${hostileWords()}); echo 1 > bystander`,
    change: 'find . -type f ! -name bystander -delete',
    entries: hostileNames(),
  },
  {
    name: 'names that mean something, deep down, as directories',
    before: String.raw`mkdir -p 'a*/[b]/c?' 'a*/x\y' 'ab/b/cc'; echo 1 > 'a*/[b]/c?/f'; echo 1 > ab/b/cc/f; echo 1 > 'a*/x\y/f'; echo 1 > 'a*/g'`,
    change: String.raw`rm -r 'a*/[b]/c?' 'a*/x\y'`,
    entries: ['a*/[b]/c?', String.raw`a*/x\y`],
  },
  ...(takesAnyBytes
    ? [
        {
          name: 'names that are not UTF-8',
          before: String.raw`echo 1 > $'old\xff'; mkdir $'d\xe4'; echo 1 > $'d\xe4/f\x80'`,
          change: String.raw`rm $'old\xff'; echo 2 > $'new\xfe'; rm $'d\xe4/f\x80'`,
          entries: [bytes('old\xff'), bytes('new\xfe'), bytes('d\xe4/f\x80')],
        },
      ]
    : []),
  {
    name: 'names that look like escapes',
    before: String.raw`echo 1 > 'a\#012b'; echo 1 > 'gone\#012b'`,
    change: String.raw`echo 22 > 'a\#012b'; rm 'gone\#012b'`,
    entries: [String.raw`a\#012b`, String.raw`gone\#012b`],
  },
  {
    name: 'a deleted name that is a wildcard',
    before: "echo 1 > '*'; echo 1 > other",
    change: "rm './*'",
    entries: ['*'],
  },
  {
    name: 'other content of the same size in the same second',
    before: 'echo 1 > f; touch -d @1700000000.25 f',
    change: 'echo 2 > f; touch -d @1700000000.75 f',
    entries: [['f', ATTRIB]],
  },
  {
    name: 'other content of the same size at the same nanosecond',
    before: 'echo 1 > f; touch -d @1700000000.25 f',
    change: 'echo 2 > f; touch -d @1700000000.25 f',
    entries: ['f'],
  },
  {
    name: 'other content beside a large file with new attributes only',
    before: 'echo 1 > f; touch -d @1700000000.25 f; head -c 400000 /dev/zero > big',
    change: 'echo 2 > f; touch -d @1700000000.25 f; chmod 600 big',
    entries: ['f', ['big', ATTRIB]],
  },
  {
    name: 'hard links, all names named',
    before: 'echo 1 > a; ln a b',
    change: 'echo 22 > a; ln a c',
    entries: ['a', 'b', 'c'],
  },
  {
    name: 'an extra file on the target beside a named one stays',
    before: 'mkdir d; echo 1 > d/f',
    drift: 'echo e > d/extra',
    change: 'echo 22 > d/f',
    entries: ['d/f'],
    keeps: ['d/extra'],
  },
  {
    name: 'temporary files, born and gone',
    before: 'mkdir d; echo 1 > d/f',
    change:
      'echo 1 > d/tmp1; rm d/tmp1; echo 1 > tmp2; rm tmp2; touch -d @1700000000.5 d; touch -d @1700000001.5 .',
    entries: ['d/tmp1', 'tmp2'],
  },
  { name: 'nothing at all', before: 'echo 1 > f', change: 'true', entries: [] },
  {
    name: 'a very long name and a deep path',
    change:
      'n=$(printf "x%.0s" {1..255}); echo 1 > $n; p=$(printf "d%.0s/" {1..200}); mkdir -p $p; echo 1 > $p/f',
    entries: ['x'.repeat(255), `${'d/'.repeat(200)}f`],
  },
];

/** Names that a careless list, pattern, option or shell would take for something else. */
export function hostileNames(): string[] {
  return [
    '#hash',
    ';semicolon',
    '-rf',
    '--delete',
    ' lead',
    'trail ',
    'new\nline',
    'cr\rx',
    'tab\tx',
    '*',
    '?',
    '[a]',
    'back\\slash',
    'a*b\\c',
    '\\',
    '\\#012',
    ':',
    'host:path',
    'host::module',
    '~',
    '~root',
    '+ x',
    '- y',
    '!',
    '$(touch pwned)',
    '`id`',
    "quote'",
    '"double"',
    '{a,b}',
    '%s',
    '%i %n',
    '...',
    'ümlaut',
    '***',
    '.hidden',
    'a -> b',
    'file has vanished: "x"',
    'x failed: y (13)',
  ];
}

function hostileWords(): string {
  return hostileNames()
    .map((name) => `'${name.replaceAll("'", `'\\''`)}'`)
    .join(' ');
}

function bytes(latin1: string): Buffer {
  return Buffer.from(latin1, 'latin1');
}
