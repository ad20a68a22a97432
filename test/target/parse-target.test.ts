import { describe, expect, test } from 'vitest';
import { SynclineError } from '../../src/model/syncline-error.ts';
import { parseTarget, targetArgument } from '../../src/target/parse-target.ts';

describe('a target', () => {
  test.each([
    { target: '/a/b', kind: 'local', argument: '/a/b/' },
    { target: '/a/b/', kind: 'local', argument: '/a/b/' },
    { target: '/', kind: 'local', argument: '/' },
    { target: 'a/b', kind: 'local', argument: `${process.cwd()}/a/b/` },
    { target: './a:b', kind: 'local', argument: `${process.cwd()}/a:b/` },
    { target: '/x:y', kind: 'local', argument: '/x:y/' },
    { target: 'a/b:c', kind: 'local', argument: `${process.cwd()}/a/b:c/` },
    { target: 'host:path', kind: 'ssh', argument: 'host:path/' },
    { target: 'host:', kind: 'ssh', argument: 'host:./' },
    { target: 'host:/', kind: 'ssh', argument: 'host:/' },
    { target: 'user@host:/a b', kind: 'ssh', argument: 'user@host:/a b/' },
    { target: 'user@host:~/x', kind: 'ssh', argument: 'user@host:~/x/' },
    { target: '[::1]:/a', kind: 'ssh', argument: '[::1]:/a/' },
    { target: 'u@[fe80::1]:a', kind: 'ssh', argument: 'u@[fe80::1]:a/' },
    { target: '[::1]::m/a', kind: 'daemon', argument: '[::1]::m/a/' },
    { target: 'host::module', kind: 'daemon', argument: 'host::module/' },
    { target: 'u@host::module/a/b/', kind: 'daemon', argument: 'u@host::module/a/b/' },
    { target: 'rsync://host/module', kind: 'daemon', argument: 'rsync://host/module/' },
    { target: 'rsync://u@host:8730/module/p', kind: 'daemon', argument: 'rsync://u@host:8730/module/p/' },
    { target: 'rsync://[::1]:8730/module', kind: 'daemon', argument: 'rsync://[::1]:8730/module/' },
  ])('$target is $kind', ({ target, kind, argument }) => {
    const location = parseTarget(target);
    expect(location.kind).toBe(kind);
    expect(targetArgument(location)).toBe(argument);
  });

  test.each([
    '',
    ' ',
    ':path',
    '@:path',
    'user@:path',
    '-host:path',
    'host::',
    'rsync://host',
    'rsync://host:99999/m',
    'rsync:///m',
    'https://host/x',
    'ssh://host/x',
    'a\0b',
    'host::mod:x',
  ])('%j is refused with one line', (target) => {
    expect(() => parseTarget(target)).toThrow(SynclineError);
    expect(() => parseTarget(target)).toThrow(/^[^\n]*$/);
  });
});
