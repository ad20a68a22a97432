import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { pathFromText } from '../../../src/model/path-bytes.ts';
import type { SeededRandom } from '../seeded-random.ts';
import { takenNames } from '../this-system.ts';

const plain = ['a', 'b', 'c', 'data', 'notes.txt', 'index.html', 'lib', 'src', 'x1', 'Größe', '日本'];

/** Each has broken a synchroniser: as an option, a comment, a pattern, a separator, an escape, an encoding or a length. */
const hostile = [
  '-',
  '--delete',
  '-rf',
  '#',
  '#note',
  ';',
  ';x',
  ' ',
  ' lead',
  'trail ',
  '\n',
  'two\nlines',
  '\nlead',
  'trail\n',
  '\r',
  '\t',
  '*',
  '?',
  '[',
  ']',
  '[a-b]',
  '**',
  '***',
  '\\',
  'back\\slash',
  '\\#',
  'a\\',
  '!',
  '! x',
  '+ x',
  '- x',
  '. x',
  'P x',
  ':',
  'host:path',
  'h::m',
  '"',
  "it's",
  '`id`',
  '$(id)',
  '$HOME',
  '&',
  '|',
  '>',
  '~',
  '%',
  '%s',
  '{a,b}',
  '...',
  '.hidden',
  '.~tmp~',
  '\x01',
  '\x7f',
  '\u2028',
].map(pathFromText);

const raw = takenNames([
  '\xff',
  '\xfe\xffname',
  'caf\xe9',
  '\xc3',
  '\xed\xa0\x80',
  '\x80\x81',
  '\xf5',
] as PathBytes[]);

/** Makes file names: ordinary ones that collide often, and, with `hostileShare`, those that break programs. Never '.', '..' or ''. */
export function randomName(random: SeededRandom, hostileShare: number): PathBytes {
  if (!random.chance(hostileShare)) return suffixed(random, random.pick(plain.map(pathFromText)));
  const dice = random.next();
  if (dice < 0.2 && raw.length > 0) return suffixed(random, random.pick(raw));
  if (dice < 0.25) return longName(random);
  if (dice < 0.6) return suffixed(random, random.pick(hostile));
  return `${random.pick(hostile)}${random.pick(hostile)}` as PathBytes;
}

function suffixed(random: SeededRandom, name: PathBytes): PathBytes {
  return (random.chance(0.5) ? name : `${name}${random.integer(0, 9)}`) as PathBytes;
}

function longName(random: SeededRandom): PathBytes {
  return random.pick(takenNames(['n', '\xff', '*'])).repeat(255) as PathBytes;
}
