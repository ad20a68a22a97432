import { expect, test } from 'vitest';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import { pathFromText } from '../../../src/model/path-bytes.ts';
import { COMMAND_VARIABLES, variableValue } from '../../../src/target/command/command-event.ts';
import type { CommandEvent } from '../../../src/target/command/command-event.ts';

const path = (text: string): PathBytes => pathFromText(text);
const file: CommandEvent = { kind: 'create', path: path('d/a'), isDirectory: false };
const directory: CommandEvent = { kind: 'create', path: path('d/e'), isDirectory: true };
const top: CommandEvent = { kind: 'delete', path: path('é'), isDirectory: false };
const root: CommandEvent = { kind: 'rescan', path: path(''), isDirectory: true };
const move: CommandEvent = { kind: 'move', path: path('n'), from: path('o/m'), isDirectory: true };

/** All values of an event, '' left out. */
function values(event: CommandEvent, source: string, target: string): Record<string, string> {
  const places = { source: path(source), target };
  const pairs = COMMAND_VARIABLES.map((name) => [name, variableValue(name, event, places)] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== ''));
}

test('a file has a path, a name below each root and the directory that holds it', () => {
  expect(values(file, '/s', 't')).toEqual({
    event: 'create',
    source: '/s',
    target: 't',
    path: 'd/a',
    pathname: 'd/a',
    pathdir: 'd/',
    sourcePath: '/s/d/a',
    sourcePathname: '/s/d/a',
    sourcePathdir: '/s/d/',
    targetPath: 't/d/a',
    targetPathname: 't/d/a',
    targetPathdir: 't/d/',
  });
});

test('of a directory the path ends in a slash, the pathname does not', () => {
  expect(values(directory, '/s', '/t/')).toMatchObject({
    path: 'd/e/',
    pathname: 'd/e',
    sourcePath: '/s/d/e/',
    targetPathname: '/t/d/e',
  });
});

test('a name at the top keeps its bytes, also where the roots are / and none', () => {
  expect(values(top, '/', '')).toEqual({
    event: 'delete',
    source: '/',
    path: '\xc3\xa9',
    pathname: '\xc3\xa9',
    sourcePath: '/\xc3\xa9',
    sourcePathname: '/\xc3\xa9',
    sourcePathdir: '/',
    targetPath: '\xc3\xa9',
    targetPathname: '\xc3\xa9',
    targetPathdir: '.',
  });
});

test('the directory of a name at the top is the root, with a slash', () => {
  expect(values(top, '/s', 'host:t')).toMatchObject({ sourcePathdir: '/s/', targetPathdir: 'host:t/' });
});

test('the root is a dot by itself and the roots themselves below them', () => {
  expect(values(root, '/s', '/t')).toMatchObject({
    pathname: '.',
    sourcePath: '/s',
    sourcePathname: '/s',
    targetPathname: '/t',
  });
});

test('a move has both names', () => {
  expect(values(move, '/s', '/t')).toMatchObject({
    pathname: 'n',
    fromPath: 'o/m/',
    fromPathdir: 'o/',
    fromSourcePathname: '/s/o/m',
    fromTargetPath: '/t/o/m/',
  });
});
