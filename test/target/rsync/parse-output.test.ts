import { describe, expect, test } from 'vitest';
import type { PathBytes } from '../../../src/model/path-bytes.ts';
import {
  parseErrorLine,
  parseOutputLine,
  resolveReported,
  unescapeName,
  withoutTemporaryName,
} from '../../../src/target/rsync/parse-output.ts';

describe('a line of output', () => {
  test.each([
    { line: '>f+++++++++ 2 45 a/f', is: { kind: 'updated', path: 'a/f', bytes: 45, change: '>f+++++++++' } },
    {
      line: '<f.st...... 10 7  lead and trail ',
      is: { kind: 'updated', path: ' lead and trail ', bytes: 7, change: '<f.st......' },
    },
    { line: 'cd+++++++++ 4096 0 a/', is: { kind: 'updated', path: 'a', bytes: 0, change: 'cd+++++++++' } },
    { line: '.d...p..... 4096 0 a/', is: { kind: 'updated', path: 'a', bytes: 0, change: '.d...p.....' } },
    { line: '.d..tp..... 4096 0 ./', is: { kind: 'updated', path: '', bytes: 0, change: '.d..tp.....' } },
    { line: '.d..t...... 4096 0 a/', is: { kind: 'directoryTime', path: 'a' } },
    { line: '.f          2 0 a/f', is: { kind: 'unchanged' } },
    { line: '*deleting   0 0 a/gone', is: { kind: 'deleted', path: 'a/gone' } },
    { line: '*deleting   0 0 a/gone/', is: { kind: 'deleted', path: 'a/gone' } },
    {
      line: String.raw`>f+++++++++ 2 45 new\#012line\#377\#134#012`,
      is: { kind: 'updated', path: 'new\nline\xff\\#012', bytes: 45, change: '>f+++++++++' },
    },
    { line: 'created directory /a/b', is: { kind: 'rootCreated' } },
    { line: 'IO error encountered -- skipping file deletion', is: { kind: 'deletionsSkipped' } },
    { line: '          1,234   0%    0.00kB/s    0:00:00', is: undefined },
    {
      line: '              4  50%    1.95kB/s    0:00:00 (xfr#2, to-chk=3/6)',
      is: { kind: 'progress', bytes: 4, entriesDone: 3, entriesTotal: 6 },
    },
    {
      line: '             44   0%    1.95kB/s    0:00:00 (xfr#2, ir-chk=1000/1006)',
      is: { kind: 'progress', bytes: 44, entriesDone: 6, entriesTotal: undefined },
    },
    { line: 'skipping non-regular file "pipe"', is: undefined },
    { line: '', is: undefined },
  ])('$line', ({ line, is }) => {
    expect(parseOutputLine(line)).toEqual(is);
  });
});

describe('a line of stderr', () => {
  test.each([
    {
      line: 'rsync: [sender] link_stat "/s/a" failed: No such file or directory (2)',
      is: ['sender', 'link_stat', '/s/a', 2],
    },
    {
      line: 'rsync: [sender] send_files failed to open "/s/a "b" c": Permission denied (13)',
      is: ['sender', 'open', '/s/a "b" c', 13],
    },
    {
      line: 'rsync: [sender] opendir "/s/clo[sed" failed: Permission denied (13)',
      is: ['sender', 'opendir', '/s/clo[sed', 13],
    },
    {
      line: 'rsync: [sender] read errors mapping "/s/big": No data available (61)',
      is: ['sender', 'read errors mapping', '/s/big', 61],
    },
    {
      line: 'rsync: [receiver] rename "/t/a/.f.x1Y2z3" -> "a/f": Operation not permitted (1)',
      is: ['receiver', 'rename', 'a/f', 1],
    },
    {
      line: 'rsync: [generator] symlink "/t/l" -> "x" failed: Permission denied (13)',
      is: ['generator', 'symlink', '/t/l', 13],
    },
    {
      line: 'rsync: [receiver] mkstemp "/a/.f.XXXXXX" (in mirror) failed: Permission denied (13)',
      is: ['receiver', 'mkstemp', '/a/.f.XXXXXX', 13],
    },
    {
      line: 'rsync: [generator] recv_generator: mkdir "/t/d" failed: File exists (17)',
      is: ['generator', 'mkdir', '/t/d', 17],
    },
    {
      line: 'rsync: [generator] delete_file: unlink(a/x (1)) failed: Operation not permitted (1)',
      is: ['generator', 'unlink', 'a/x (1)', 1],
    },
    {
      line: 'rsync: [generator] failed to set times on "/t/.": Operation not permitted (1)',
      is: ['generator', 'set times', '/t/.', 1],
    },
    {
      line: 'rsync: [generator] chgrp "/t/a" failed: Operation not permitted (1)',
      is: ['generator', 'chgrp', '/t/a', 1],
    },
    {
      line: 'rsync: [receiver] rsync_xal_set: lsetxattr("/t/a","user.x") failed: Operation not supported (95)',
      is: ['receiver', 'lsetxattr', '/t/a', 95],
    },
    {
      line: 'rsync: [generator] set_acl: sys_acl_set_file(a/b, ACL_TYPE_ACCESS): Operation not supported (95)',
      is: ['generator', 'sys_acl_set_file', 'a/b', 95],
    },
    {
      line: String.raw`rsync: readlink_stat("/s/a\#012b") failed: Permission denied (13)`,
      is: ['', 'readlink_stat', '/s/a\nb', 13],
    },
    {
      line: 'could not make way for new regular file: d/x',
      is: ['generator', 'make way for regular file', 'd/x', 39],
    },
    { line: 'ERROR: a/f failed verification -- update discarded.', is: ['receiver', 'verify', 'a/f', 0] },
  ])('$line', ({ line, is: [role, operation, path, errno] }) => {
    expect(parseErrorLine(line)).toMatchObject({ kind: 'path', role, operation, path, errno });
  });

  test('says what vanished', () => {
    expect(parseErrorLine(String.raw`file has vanished: "/s/a\#011b"`)).toEqual({
      kind: 'vanished',
      path: '/s/a\tb',
    });
    expect(parseErrorLine('directory has vanished: "/s/d"')).toEqual({ kind: 'vanished', path: '/s/d' });
  });

  test.each([
    'rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1394) [sender=3.5.0]',
    'ssh: connect to host x port 22: Connection refused',
    'rsync: connection unexpectedly closed (0 bytes received so far) [sender]',
  ])('that names no path is kept as it is: %s', (line) => {
    expect(parseErrorLine(line)).toEqual({ kind: 'other', text: line });
  });
});

test('a path of any message becomes one of ours', () => {
  const names = new Set(['a/f', 'f']);
  const resolve = (reported: string, roots: readonly string[] = ['/s', '/t']): string | undefined =>
    resolveReported(reported, roots, (path) => names.has(path));
  expect(resolve('/s/x/y')).toBe('x/y');
  expect(resolve('/t/.')).toBe('');
  expect(resolve('.')).toBe('');
  expect(resolve('a/f')).toBe('a/f');
  expect(resolve('./a/f')).toBe('a/f');
  expect(resolve('/home/user/backup/a/f')).toBe('a/f');
  expect(resolve('/somewhere/else')).toBeUndefined();
  expect(resolve('/a/f', ['/s', ''])).toBe('a/f');
});

test('a temporary name shows the name behind it', () => {
  expect(withoutTemporaryName('a/.f.x.aB3dE6' as PathBytes)).toBe('a/f.x');
  expect(withoutTemporaryName('a/.profile' as PathBytes)).toBe('a/.profile');
});

test('escapes are undone for every byte', () => {
  for (let byte = 1; byte < 256; byte++) {
    const octal = byte.toString(8).padStart(3, '0');
    expect(unescapeName(`x\\#${octal}y`)).toBe(`x${String.fromCharCode(byte)}y`);
  }
  expect(unescapeName(String.raw`\#01 \012 \#800`)).toBe(String.raw`\#01 \012 \#800`);
});
