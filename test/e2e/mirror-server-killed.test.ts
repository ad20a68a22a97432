import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import type { ServeTarget } from '../support/served-target.ts';
import { serveByDaemon, serveByRsyncssh, serveBySsh } from '../support/served-target.ts';
import { makeTempDir } from '../support/temp-dir.ts';

/** The temporary files of receivers, as rsync names them. */
function halfFiles(mirror: LiveMirror): readonly string[] {
  return readdirSync(`${mirror.copy}/work [1]/1`).filter((name) => name.startsWith('.big.'));
}

describe.concurrent('a server killed in the middle of a batch and started again', () => {
  test.each<[string, ServeTarget]>([
    ['sshd, for rsync over ssh', serveBySsh],
    ['sshd, for rsync over ssh with moves', serveByRsyncssh],
    ['an rsync daemon', serveByDaemon],
  ])('gets everything, and keeps no half a file: %s', async (_name, serve) => {
    using directory = makeTempDir();
    await using server = await serve(directory);
    const { way } = server;
    await using mirror = await LiveMirror.inSync({
      ...way,
      options: [...way.options, '--bwlimit', '1m', '--rsync-opt=--no-whole-file'],
      before:
        'mkdir -p d/e gone "work [1]/1"; for i in {1..50}; do echo $i > d/e/$i; done; echo 2 > gone/g; echo 3 > f; echo 4 > kept',
    });
    mirror.change(
      'mv d moved; rm -r gone; echo 4 > f; head -c 8M /dev/urandom > "work [1]/1/big"; echo 5 > last',
    );
    await mirror.until(() => halfFiles(mirror).length > 0, 'the receiver is writing');
    await server.kill();
    const line = await mirror.untilLogged(/^batch \d+ failed: .*next attempt in/);
    expect(line.level).toBe('error');
    expect(halfFiles(mirror)).toHaveLength(1);
    mirror.change('rm work*/1/big; mv work* worked; mv moved/e e; echo 6 > e/6; ln -s e link');
    await server.restart();
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
  });
});
