import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import type { ServeTarget } from '../support/served-target.ts';
import {
  serveByDaemon,
  serveByRsyncssh,
  serveByRsyncsshWithoutSftp,
  serveBySsh,
  serveNothing,
} from '../support/served-target.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { takenNames } from '../support/this-system.ts';

/** As bytes (latin1): what a shell, an option parser, a list, a pattern or an escape could read as something else. */
const names: readonly string[] = takenNames([
  ...[
    '-',
    '-rf',
    '--delete',
    '--',
    '#no',
    ';',
    '; touch owned',
    '$(touch owned)',
    '`touch owned`',
    '$HOME',
    '~',
  ],
  ...[
    'a b',
    ' lead',
    'trail ',
    'dot.',
    '...',
    '.hidden',
    "it's",
    '"',
    '&',
    '|',
    '>',
    '%s',
    '{a,b}',
    '!',
    '+ x',
  ],
  ...[
    '*',
    '?',
    '[x]',
    '**',
    '***',
    'back\\slash',
    'back\\',
    '\\#012',
    'host:path',
    'h::m',
    ':',
    '.temp.abcdef',
  ],
  ...[
    'new\nline',
    '\n',
    '\r',
    '\t',
    '\x01',
    '\x7f',
    '\xff\xfe',
    'caf\xe9',
    '\xc3',
    '\xed\xa0\x80',
    '\xe2\x80\xae',
  ],
  ...['n'.repeat(255), '\xff'.repeat(255), '*'.repeat(255), '\n'.repeat(255)],
]);

const ways: readonly [string, ServeTarget][] = [
  ['a local directory', serveNothing],
  ['an rsync daemon', serveByDaemon],
  ['rsync over ssh', serveBySsh],
  ['rsync over ssh, moves by SFTP', serveByRsyncssh],
  ['rsync over ssh, moves by mv', serveByRsyncsshWithoutSftp],
];

function bytes(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.join('/'), 'latin1');
}

/** Each name as a file, and as a directory that holds a file of that name. */
function writeAll(source: string, content: string): void {
  for (const name of names) {
    mkdirSync(bytes(source, 'dirs', name), { recursive: true });
    writeFileSync(bytes(source, 'dirs', name, name), content);
    writeFileSync(bytes(source, 'files', name), content);
  }
}

describe.concurrent('names that break programs are created, changed, moved and deleted', () => {
  test.each(ways)('on %s', async (_name, serve) => {
    using directory = makeTempDir();
    await using server = await serve(directory);
    await using mirror = await LiveMirror.inSync({ ...server.way, before: 'mkdir files dirs moved' });
    const { source, copy } = mirror;
    writeAll(source, 'first');
    await mirror.untilEqual();
    expect(readdirSync(`${copy}/files`, { encoding: 'buffer' }).length).toBe(names.length);
    writeAll(source, 'second, and longer');
    await mirror.untilEqual();
    for (const name of names) {
      renameSync(bytes(source, 'files', name), bytes(source, 'moved', name));
      renameSync(bytes(source, 'dirs', name), bytes(source, 'files', name));
    }
    await mirror.untilEqual();
    for (const name of names) rmSync(bytes(source, 'files', name, name));
    for (const name of names.slice(0, -1)) rmSync(bytes(source, 'moved', name));
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.logged(/failed|quarantined/)).toEqual([]);
    for (const place of [source, copy, process.cwd()]) expect(existsSync(`${place}/owned`)).toBe(false);
  });
});
