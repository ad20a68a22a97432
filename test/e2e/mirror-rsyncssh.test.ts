import { existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startCountingProxy } from '../support/counting-proxy.ts';
import type { LiveMirrorOptions } from '../support/live-mirror.ts';
import { LiveMirror } from '../support/live-mirror.ts';
import { until } from '../support/processes.ts';
import type { Sshd } from '../support/sshd.ts';
import { startSshd } from '../support/sshd.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { takesAnyBytes } from '../support/this-system.ts';

function optionsFor(sshd: Sshd, options: LiveMirrorOptions = {}): LiveMirrorOptions {
  return { ...options, host: sshd.host, options: [...sshd.mirrorOptions, ...(options.options ?? [])] };
}

/** How many moves were made, names updated and bytes of file data sent by the live batches so far. */
function sums(mirror: LiveMirror): { moved: number; bytes: number } {
  const lines = mirror.logged(/^batch \d+ delivered/).map(({ msg }) => msg);
  const numbers = (pattern: RegExp): number =>
    lines.reduce((sum, line) => sum + Number(pattern.exec(line)?.[1] ?? 0), 0);
  return { moved: numbers(/: (\d+) moved/), bytes: numbers(/deleted, (\d+) B/) };
}

/** What is moved while it is delivered is sent again. */
const inOneBatch = ['--delay', '1'];

/** Inode by name: a moved name keeps it, a sent one does not. */
function inode(mirror: LiveMirror, path: string): number {
  return lstatSync(`${mirror.copy}/${path}`).ino;
}

async function endClean(mirror: LiveMirror): Promise<void> {
  expect((await mirror.end()).code).toBe(143);
  expect(mirror.process.family()).toEqual([]);
  expect(mirror.logged(/failed|quarantined/)).toEqual([]);
}

const hostileFiles = [
  String.raw`mkdir from to`,
  String.raw`for n in -rf --delete '$(touch owned)' '; touch owned' 'a b ' '*' '[x]' 'back\slash' $'new\nline'${takesAnyBytes ? String.raw` $'\xff\xfe'` : ''}`,
  String.raw`do echo "$n" > "from/$n"; mkdir "from/d $n"; echo in > "from/d $n/$n"; done`,
  String.raw`for n in "it's" '"' '#no' '~' ':' $'\r' ' ' '%s' '{a,b}' $'\t'; do echo "$n" > "from/$n"; done`,
].join('\n');

describe.concurrent.each([
  ['by SFTP', true],
  ['by mv where the host has no SFTP', false],
])('what is moved is moved on the host %s', (_way, sftp) => {
  test('and not sent: files and directories with any name', async () => {
    await using sshd = await startSshd({ sftp });
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before: hostileFiles }));
    const inodes = (directory: string): bigint[] => {
      const names = readdirSync(`${mirror.copy}/${directory}`, { encoding: 'buffer' });
      const paths = names.map((name) => Buffer.concat([Buffer.from(`${mirror.copy}/${directory}/`), name]));
      return paths.map((path) => lstatSync(path, { bigint: true }).ino).sort();
    };
    const known = inodes('from');
    mirror.change('for n in from/*; do mv -- "$n" "to/x${n#from/}"; done');
    await mirror.untilEqual();
    expect(known.length).toBe(30);
    expect(inodes('to')).toEqual(known);
    await mirror.until(() => sums(mirror).moved === 30, 'the last line of the log');
    expect(sums(mirror).bytes).toBe(0);
    expect(existsSync(`${mirror.copy}/owned`)).toBe(false);
    expect(mirror.logged(/SFTP is not to be had/)).toHaveLength(sftp ? 0 : 1);
    await endClean(mirror);
  });

  test('a directory of many files at once, with changes in it', async () => {
    await using sshd = await startSshd({ sftp });
    const before = 'mkdir -p many/deep a/b; for i in $(seq 3000); do echo $i > many/deep/$i; done';
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before, options: inOneBatch }));
    const known = inode(mirror, 'many/deep/7');
    mirror.change(
      'echo changed > many/deep/1; mv many a/b/moved; echo last >> a/b/moved/deep/2; rm a/b/moved/deep/3',
    );
    await mirror.untilEqual();
    expect(inode(mirror, 'a/b/moved/deep/7')).toBe(known);
    await mirror.until(() => sums(mirror).moved === 1, 'the last line of the log');
    expect(sums(mirror).bytes).toBeLessThan(1000);
    await endClean(mirror);
  });

  test('one after the other: chains, swaps, and a name that is taken again', async () => {
    await using sshd = await startSshd({ sftp });
    const before =
      'mkdir a b s t; for i in 1 2 3; do echo a$i > a/$i; echo b$i > b/$i; echo s$i > s/$i; done; echo f > f; echo g > g';
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before, options: inOneBatch }));
    const [chained, swapped, file] = [inode(mirror, 's/1'), inode(mirror, 'a/1'), inode(mirror, 'f')];
    mirror.change(
      'mv s s1; mv s1 s2; mv s2 t/s3; mv a x; mv b a; mv x b; mv f h; mv g f; mv h g; mkdir s; echo new > s/1',
    );
    await mirror.untilEqual();
    expect([inode(mirror, 't/s3/1'), inode(mirror, 'b/1'), inode(mirror, 'g')]).toEqual([
      chained,
      swapped,
      file,
    ]);
    await mirror.until(() => sums(mirror).moved >= 9, 'the last line of the log');
    // The new file alone.
    expect(sums(mirror).bytes).toBeLessThan(100);
    await endClean(mirror);
  });

  test('onto names that exist, and from names the host never had', async () => {
    await using sshd = await startSshd({ sftp });
    const before =
      'mkdir d e full gone; echo 1 > d/f; echo 2 > full/g; echo 3 > one; echo 4 > two; echo 5 > gone/x; touch -d @1000000000 one two';
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before }));
    // Behind the mirror's back: a directory in the way, another one in place of a file, and a file that has gone.
    const copy = mirror.copy;
    mkdirSync(`${copy}/taken/full`, { recursive: true });
    mirror.change(
      `rm -r '${copy}/gone' '${copy}/two'; mv -T d e; mv full taken; mv gone back; mv two three; mv one here`,
    );
    await mirror.untilEqual();
    await endClean(mirror);
  });

  test('never through a symlink on the host', async () => {
    await using sshd = await startSshd({ sftp });
    await using mirror = await LiveMirror.inSync(
      optionsFor(sshd, {
        before: 'mkdir -p ../outside/sub d/sub; ln -s ../outside link; echo 1 > d/f; echo 2 > ../outside/f',
      }),
    );
    const outside = mirror.directory.at('outside');
    mirror.change('rm link; mkdir link; mv d link/d; mv link/d/f link/f');
    await mirror.untilEqual();
    expect(readdirSync(outside).sort()).toEqual(['f', 'sub']);
    // Now the symlink is there behind the mirror's back.
    mirror.change(
      `rm -r '${mirror.copy}/link'; ln -s ../outside '${mirror.copy}/link'; mv link/f moved; mv link/d link/e`,
    );
    await mirror.untilEqual();
    expect(readdirSync(outside).sort()).toEqual(['f', 'sub']);
    await endClean(mirror);
  });
});

/** A shell on the host that runs rsync alone, as rrsync does. */
const RSYNC_ONLY =
  'case "$SSH_ORIGINAL_COMMAND" in "rsync --server "*) eval "exec $SSH_ORIGINAL_COMMAND";; esac; exit 1';

describe.concurrent('a host', () => {
  test('that has neither SFTP nor a shell gets what is moved sent again, and that is said once', async () => {
    await using sshd = await startSshd({ sftp: false, config: [`ForceCommand ${RSYNC_ONLY}`] });
    const before = 'mkdir d; for i in 1 2 3; do echo $i > d/$i; done; echo 1 > f';
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before }));
    for (const change of ['mv d e; mv f g', 'mv e h; echo 4 > h/4', 'mv g h/g']) {
      mirror.change(change);
      await mirror.untilEqual();
    }
    // Trees are equal before rsync has ended: a batch cut off there would go out again with the next.
    await mirror.until(() => mirror.deliveries >= 3, 'the lines of the first three batches');
    // A connection made anew is asked anew, and nothing is said of it.
    sshd.cutConnections();
    mirror.change('mv h d; echo 5 > d/5');
    await mirror.untilEqual();
    await mirror.until(() => mirror.deliveries >= 4, 'the last line of the log');
    expect(sums(mirror).moved).toBe(0);
    expect(
      mirror.logged(/SFTP is not to be had .*moves are made by mv in a shell \(said once\)/),
    ).toHaveLength(1);
    expect(mirror.logged(/no shell is to be had .*what is moved is sent again \(said once\)/)).toHaveLength(
      1,
    );
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
    expect(mirror.logged(/quarantined/)).toEqual([]);
  });

  test('whose SFTP never answers gets its moves by mv', async () => {
    await using sshd = await startSshd({ sftp: false, config: ['Subsystem sftp sleep 1000'] });
    await using mirror = await LiveMirror.inSync(
      optionsFor(sshd, { before: 'mkdir d; echo 1 > d/f', options: ['--timeout', '5'] }),
    );
    const known = inode(mirror, 'd/f');
    mirror.change('mv d e');
    await mirror.untilEqual();
    expect(inode(mirror, 'e/f')).toBe(known);
    expect(mirror.logged(/SFTP is not to be had \(no answer for 5 s\)/)).toHaveLength(1);
    await endClean(mirror);
  });

  test('gets a directory of 1,000 files moved as one rename, for a few kilobytes on the wire', async () => {
    await using sshd = await startSshd();
    await using wire = await startCountingProxy(sshd.port);
    const before = 'mkdir -p many a/b; for i in {1..1000}; do echo "content $i" > many/$i; done';
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before, options: wire.sshOptions }));
    const inodes = (name: string): readonly number[] =>
      Array.from({ length: 1000 }, (_, index) => inode(mirror, `${name}/${index + 1}`));
    const known = inodes('many');
    const bytesBefore = wire.bytes();
    // The file list alone would take more.
    expect(bytesBefore).toBeGreaterThan(30_000);
    mirror.change('mv many a/b/moved');
    await mirror.untilEqual();
    await mirror.until(() => sums(mirror).moved > 0, 'the last line of the log');
    expect(inodes('a/b/moved')).toEqual(known);
    expect(sums(mirror)).toEqual({ moved: 1, bytes: 0 });
    expect(wire.bytes() - bytesBefore).toBeLessThan(20_000);
    await endClean(mirror);
  });
});

describe.concurrent('the connection', () => {
  test('that is cut is made again, and nothing is lost', async () => {
    await using sshd = await startSshd();
    const before = 'mkdir d; for i in $(seq 300); do echo $i > d/$i; done';
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before }));
    for (let round = 0; round < 3; round++) {
      expect(sshd.cutConnections()).toBe(1);
      mirror.change(
        `mv d? e${round} 2>/dev/null || mv d* d${round}x; echo ${round} > round; mv e${round} d${round} || true`,
      );
      await mirror.untilEqual();
    }
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
  });

  test('that is cut in the middle of a transfer is made again, and the transfer with it', async () => {
    await using sshd = await startSshd();
    await using mirror = await LiveMirror.inSync(
      optionsFor(sshd, { before: 'mkdir d; echo 1 > d/f', options: ['--bwlimit', '2m'] }),
    );
    mirror.change('mv d e; head -c 8M /dev/urandom > e/big');
    const isWriting = (): boolean =>
      existsSync(`${mirror.copy}/e`) &&
      readdirSync(`${mirror.copy}/e`).some((name) => name.startsWith('.big.'));
    await mirror.until(isWriting, 'rsync is writing');
    sshd.cutConnections();
    await mirror.untilLogged(/^batch \d+ failed: .*next attempt in/);
    mirror.change('mv e f; echo 2 > f/f');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
  });

  test('goes with the program, also when KILL ends it', async () => {
    await using sshd = await startSshd();
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before: 'mkdir d' }));
    mirror.change('mv d e');
    await mirror.untilEqual();
    expect(mirror.process.family().length).toBeGreaterThan(2);
    await mirror.end('SIGKILL');
    await until(() => mirror.process.family().length === 0, 'no ssh is left');
  });

  test('is one for everything, and leaves no file', async () => {
    await using sshd = await startSshd();
    await using mirror = await LiveMirror.inSync(optionsFor(sshd, { before: 'mkdir d', options: ['-v'] }));
    for (const change of ['mv d e', 'echo 1 > e/f', 'mv e f']) {
      mirror.change(change);
      await mirror.untilEqual();
    }
    expect(sshd.connections()).toBe(1);
    const socket = /ControlPath=([^\s"]+)/.exec(mirror.process.output)?.[1] ?? expect.unreachable();
    expect(existsSync(socket)).toBe(true);
    expect(lstatSync(dirname(socket)).mode & 0o777).toBe(0o700);
    await endClean(mirror);
    expect(existsSync(dirname(socket))).toBe(false);
  });

  test('that cannot be made is tried again, and says what to do', async () => {
    await using sshd = await startSshd();
    using directory = makeTempDir();
    await using mirror = new LiveMirror({
      directory,
      host: sshd.host,
      before: 'echo 1 > f',
      options: ['--ssh-opt=-oUserKnownHostsFile=/dev/null', ...sshd.mirrorOptions],
    });
    const line = await mirror.untilLogged(/^batch 1 failed: .*next attempt in/);
    expect(line.msg).toMatch(
      /^batch 1 failed: The ssh connection to .* failed: Host key verification failed/,
    );
    expect(line.remedy).toMatch(/accept the host key/);
  });
});
