import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { pathFromBuffer, pathFromText } from '../../../src/model/path-bytes.ts';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import type { ActionEvent } from '../../../src/target/action/action-script.ts';
import { commandFunction } from '../../../src/target/action/command-string.ts';
import { SyncEvents } from '../../../src/target/action/sync-events.ts';
import { exactCommand } from '../../../src/target/command/exact-command.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const places = { source: pathFromText('/srv/für'), target: 'host:copy/' };

/** The program and arguments that a command string comes to. */
function wordsFor(text: string, event: Partial<ActionEvent> = {}): readonly PathBytes[] {
  const spawned: (readonly PathBytes[])[] = [];
  const events = new SyncEvents(places, {
    spawn: (_agent, words) => spawned.push(words),
    log: () => undefined,
    terminate: () => undefined,
  });
  const whole: ActionEvent = {
    isList: false,
    etype: 'Create',
    status: 'wait',
    isDirectory: false,
    path: 'd/a' as PathBytes,
    ...event,
  };
  commandFunction(text, whole.etype === 'Move')(events.event(whole));
  return spawned[0] ?? [];
}

/** What the command prints, byte by byte. */
function printed(text: string, event: Partial<ActionEvent>): string {
  const { program, arguments: words } = exactCommand(wordsFor(text, event), {});
  const { stdout, stderr, status } = spawnSync(program, words, { encoding: 'latin1' });
  if (status !== 0) throw new Error(`${text}: exit ${status}: ${stderr}`);
  return stdout;
}

describe('a string that begins with a slash', () => {
  test.each([
    ['/bin/cp -a ^sourcePathname ^targetPathname', ['/bin/cp', '-a', '/srv/für/d/a', 'host:copy/d/a']],
    ['/bin/cp  "two  words" x"y z"  ""', ['/bin/cp', 'two  words', 'xy z', '']],
    [
      '/bin/e pre^path^pathdir "^pathname.bak" $HOME \'^path\'',
      ['/bin/e', 'pred/ad/', 'd/a.bak', '$HOME', "'d/a'"],
    ],
    [
      '/bin/e ^source ^target ^sourcePathdir ^foo ^{path}x ^{pathname}Name ^',
      ['/bin/e', '/srv/für', 'host:copy/', '/srv/für/d/', '^foo', 'd/ax', 'd/aName', '^'],
    ],
  ])('is a program with its arguments: %s', (text, expected) => {
    expect(wordsFor(text)).toEqual(expected.map(pathFromText));
  });

  test('keeps a name with spaces and quotes as one argument', () => {
    const path = 'a "b" \'c\'  $(x)' as PathBytes;
    expect(wordsFor('/bin/echo ^path', { path })).toEqual(['/bin/echo', path]);
  });
});

test('^o. is the old name of a move, ^d. and a bare variable the new one', () => {
  const move = { etype: 'Move', path: 'old/a', to: 'new/b', isDirectory: true } as Partial<ActionEvent>;
  const text = '/bin/mv ^o.targetPathname ^d.targetPathname ^path ^o.pathdir ^{d.path}';
  expect(wordsFor(text, move)).toEqual([
    '/bin/mv',
    'host:copy/old/a',
    'host:copy/new/b',
    'new/b/',
    'old/',
    'new/b/',
  ]);
});

test.each([
  ['', 'the command is empty'],
  ['  ', 'the command is empty'],
  ['/bin/echo "open', 'a double quote is not closed'],
  ['echo ^o.path', '^o.path is for onMove alone'],
  [
    'rm -rf ^targetPathName',
    '^targetPathName is no variable; did you mean ^targetPathname or ^{targetPath}Name?',
  ],
  ['/bin/rm ^sourcepath', '^sourcepath is no variable; did you mean ^sourcePath or ^{source}path?'],
  ['grep "^paths"', 'did you mean ^{path}s?; for a plain ^ put a backslash before it'],
  ['echo ^{Path}', '^{Path is no variable; did you mean ^path?'],
  ["sh -c 'cat ^path'", '^path stands in single quotes'],
  ['echo "$(cat \'^path\')"', '^path stands in single quotes'],
])('%j is refused before anything is started', (text, message) => {
  expect(() => commandFunction(text, false)).toThrow(message);
});

test('^o. does not go with the roots', () => {
  expect(() => commandFunction('echo ^o.source', true)).toThrow('write ^source');
});

describe('any other string is read by sh', () => {
  const texts: readonly (readonly [text: string, expected: (name: string, old: string) => string])[] = [
    ["printf '%s' ^pathname", (name) => name],
    ['printf "%s" "a^pathname/b"', (name) => `a${name}/b`],
    ["printf '%s' a^pathname/b^path", (name) => `a${name}/b${name}`],
    ['x=^sourcePathname; printf \'%s\' "$x"', (name) => `${places.source}/${name}`],
    ["printf '%s' \"$(printf '%s.' ^pathname)\"", (name) => `${name}.`],
    ['printf \'%s\' "$(printf \'%s.\' "^pathname" | cat)"', (name) => `${name}.`],
    ["printf '%s' \"`printf '%s.' ^pathname`\"", (name) => `${name}.`],
    [
      "(printf '%s' ^targetPathname) && { printf '%s' \"\\\"^pathname\"; }",
      (name) => `host:copy/${name}"${name}`,
    ],
    ["grep ^foo /dev/null; grep '^paths' /dev/null; printf '%s' ^{pathname}X", (name) => `${name}X`],
    ["^/usr/bin/printf '%s' ^pathname | /bin/cat", (name) => name],
    ["case ^pathname in *) printf '%s' ^pathname;; esac # ^path", (name) => name],
    ["printf '%s' ^o.pathname^d.pathname", (name, old) => old + name],
    ['[ -n "^path" ] && printf \'%s\' $(echo x) \\^path ^path', (name) => `x^path${name}`],
  ];

  // It starts many shells.
  test('in which no name is ever read as a part of the text, whatever is in it', { timeout: 60_000 }, () => {
    const random = new SeededRandom(11);
    const pieces = [
      ...[
        '$(touch /tmp/x)',
        '`id`',
        '"',
        "'",
        '\\',
        ' ',
        '\n',
        '*',
        '?',
        '[a]',
        ';',
        '&',
        '|',
        '>x',
        '<',
        '(',
        ')',
      ],
      ...[
        '#',
        '~',
        '!',
        '${HOME}',
        '$1',
        '$$',
        '-n',
        '--',
        '%s',
        '\\0101',
        'a',
        '^path',
        '{path}',
        '\t',
        '=',
        '\x01',
      ],
      ...['ü', '\u{1f480}'].map(pathFromText),
      ...[[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xfe, 0x20]].map((bytes) =>
        pathFromBuffer(Buffer.from(bytes)),
      ),
    ];
    const nameOf = (): PathBytes =>
      Array.from({ length: random.integer(1, 5) }, () => random.pick(pieces)).join('') as PathBytes;
    for (let round = 0; round < 300; round++) {
      const [text, expected] = texts[round % texts.length] ?? random.pick(texts);
      const name = nameOf();
      const old = nameOf();
      const event = { etype: 'Move', path: old, to: name } as const;
      expect({ text, name, printed: printed(text, event) }).toEqual({
        text,
        name,
        printed: expected(name, old),
      });
    }
  });
});
