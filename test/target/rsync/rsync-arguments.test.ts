import { describe, expect, test } from 'vitest';
import { pathFromText } from '../../../src/model/path-bytes.ts';
import { parseTarget } from '../../../src/target/parse-target.ts';
import {
  ARCHIVE_ATTRIBUTES,
  checkExtraArguments,
  compareArguments,
  filterDeletionInput,
  leftoverInput,
  listInput,
  partialDirectoryArguments,
  protectArguments,
  runArguments,
} from '../../../src/target/rsync/rsync-arguments.ts';
import type { CommonArguments } from '../../../src/target/rsync/rsync-arguments.ts';

function argumentsFor(target: string, changed: Partial<CommonArguments> = {}): string[] {
  const common: CommonArguments = {
    location: parseTarget(target),
    version: { text: '3.5.0', major: 3, minor: 5, patch: 0 },
    attributes: ARCHIVE_ATTRIBUTES,
    filterArguments: [],
    extraArguments: [],
    timeoutSeconds: 600,
    hasOwnRemoteShell: false,
    ...changed,
  };
  return runArguments(common, { first: ['--own'], last: ['--last'] });
}

describe('the arguments of a run', () => {
  test("put our rules before the user's, and the user's options after ours", () => {
    const all = argumentsFor('/t', { filterArguments: ['--exclude=x'], extraArguments: ['--no-perms'] });
    expect(all.slice(-5)).toEqual(['--own', '--no-perms', '--exclude=x', '--last', '--']);
  });

  test('reach a daemon without waiting for its acknowledgements', () => {
    expect(argumentsFor('h::m')).toContain('--sockopts=TCP_NODELAY');
    expect(argumentsFor('h:p')).not.toContain('--sockopts=TCP_NODELAY');
  });

  test.each<{ name: string; changed: Partial<CommonArguments>; hasShell: boolean }>([
    { name: 'ours', changed: {}, hasShell: true },
    { name: '-e', changed: { extraArguments: ['-e', 'ssh -p 1'] }, hasShell: false },
    { name: '-ze', changed: { extraArguments: ['-ze', 'ssh -p 1'] }, hasShell: false },
    { name: '--rsh', changed: { extraArguments: ['--rsh=ssh -p 1'] }, hasShell: false },
    { name: 'RSYNC_RSH', changed: { hasOwnRemoteShell: true }, hasShell: false },
  ])('use the remote shell the user chose: $name', ({ changed, hasShell }) => {
    expect(argumentsFor('h:p', changed).some((argument) => argument.includes('BatchMode=yes'))).toBe(
      hasShell,
    );
  });

  test('hide the path from the remote shell where rsync does not quote it', () => {
    const old = { version: { text: '3.2.3', major: 3, minor: 2, patch: 3 } };
    expect(argumentsFor('h:p', old)).toContain('-s');
    expect(argumentsFor('h:p*')).toContain('-s');
    expect(argumentsFor('h:p q')).not.toContain('-s');
  });

  test('leave out what was switched off', () => {
    const attributes = { ...ARCHIVE_ATTRIBUTES, perms: false, owner: false, devices: false, hardLinks: true };
    expect(argumentsFor('/t', { attributes }).slice(0, 2)).toEqual(['-ltgH', '--specials']);
  });
});

test('a list is NUL-separated, prefixed and exact to the byte', () => {
  const input = Buffer.concat([
    ...listInput([pathFromText('#a'), pathFromText('b/ü\n'), 'c\xff' as ReturnType<typeof pathFromText>]),
  ]);
  expect(input.toString('latin1')).toBe('./#a\0./b/Ã¼\n\0./c\xff\0');
});

test('a filter list names what is gone, all below it and the way to it, with wildcards taken literally', () => {
  const rules = filterDeletionInput([String.raw`a/b\c`, 'a/x[1]*'].map(pathFromText))
    .toString()
    .split('\0');
  expect(rules).toEqual([
    String.raw`/a/b\c`,
    String.raw`/a/b\\c/***`,
    String.raw`/a/x\[1]\*`,
    String.raw`/a/x\[1]\*/***`,
    '/a/',
    '',
  ]);
});

test('temporary files are looked for in these directories only, and the way there is shown', () => {
  const rules = leftoverInput(['', 'a/[1]', 'a'].map(pathFromText)).toString().split('\0');
  expect(rules).toEqual([
    '/.*.??????',
    String.raw`/a/\[1]/.*.??????`,
    '/a/.*.??????',
    String.raw`/a/\[1]/`,
    '/a/',
    '',
  ]);
});

test('a protecting rule matches its name whatever the bytes', () => {
  expect(protectArguments(['a*b', String.raw`a\b`, 'ü'].map(pathFromText))).toEqual([
    String.raw`--filter=-sr /a\*b`,
    String.raw`--filter=-sr /a\b`,
    '--filter=-sr /??',
  ]);
});

test.each<[{ deletes: boolean; deletesExcluded: boolean; deletesLast?: true }, readonly string[]]>([
  [{ deletes: true, deletesExcluded: false }, ['--delete', '--force']],
  [{ deletes: true, deletesExcluded: true }, ['--delete', '--force', '--delete-excluded']],
  [
    { deletes: true, deletesExcluded: true, deletesLast: true },
    ['--delete-delay', '--force', '--delete-excluded'],
  ],
  // Alone it would delete.
  [{ deletes: false, deletesExcluded: true }, []],
])('a comparison with %j has %j of deletions', (options, expected) => {
  const all = compareArguments({
    deletesLast: false,
    comparesNanoseconds: false,
    byContent: false,
    fromList: false,
    ...options,
  });
  expect(all.filter((argument) => /delete|force/.test(argument))).toEqual(expected);
});

test.each<[readonly string[], readonly string[]]>([
  [['--partial-dir=.part'], ['--filter=-rp .part/']],
  [['--partial-dir', 'a b/'], ['--filter=-rp a b/']],
  [['--delay-updates', '-z'], ['--filter=-rp .~tmp~/']],
  [['--partial', '--partial-dir=/abroad'], []],
  [['--partial-dir'], []],
])('with %j directories of parts are protected by %j', (extra, expected) => {
  expect(partialDirectoryArguments(extra)).toEqual(expected);
});

test.each([
  '--files-from=x',
  '--delete',
  '--delete-excluded',
  '--del',
  '--ignore-errors',
  '--max-delete=5',
  '--remove-source-files',
  '--out-format=%n',
  '--no-relative',
  'loose',
  '--daemon',
  '--dry-run',
  '-n',
  '-zn',
  '-vy',
  '-q',
  '-R',
  '-avzR',
])('the option %s is refused', (option) => {
  expect(() => {
    checkExtraArguments([option]);
  }).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
});

test.each([
  [['-e', 'ssh -p 1']],
  [['--rsync-path=sudo rsync']],
  [['--max-size=5m', '--fsync', '-z']],
  [['--chmod', 'u+w']],
  [['-zv', '-essh -n', '-T/any/dir', '-zT/Root', '-MR']],
])('the options %j pass', (options) => {
  expect(() => {
    checkExtraArguments(options);
  }).not.toThrow();
});
