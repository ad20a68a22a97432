import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveMirror } from '../support/live-mirror.ts';
import type { ServedTarget, ServeTarget } from '../support/served-target.ts';
import { serveByDaemon, serveByRsyncssh, serveBySsh, serveNothing } from '../support/served-target.ts';
import { makeTempDir } from '../support/temp-dir.ts';
import { listedProcess } from '../support/process-table.ts';

/** The processes of rsync that the program has started. */
function rsyncs(mirror: LiveMirror): readonly number[] {
  return mirror.process.family().filter((id) => listedProcess(id)?.program.startsWith('rsync'));
}

function stopOurs(mirror: LiveMirror): void {
  for (const id of rsyncs(mirror)) process.kill(id, 'SIGSTOP');
}

function stopTheirs(_mirror: LiveMirror, server: ServedTarget): void {
  server.hang();
}

describe.concurrent('an rsync that stands still in the middle of a batch is ended after --timeout', () => {
  test.each<[string, ServeTarget, typeof stopTheirs]>([
    ['to a local directory', serveNothing, stopOurs],
    ['on this side, over ssh', serveBySsh, stopOurs],
    ['on the other side, over ssh', serveBySsh, stopTheirs],
    ['on the other side, over ssh with moves', serveByRsyncssh, stopTheirs],
    ['on the other side, a daemon', serveByDaemon, stopTheirs],
  ])('and the batch is delivered: %s', async (_name, serve, stop) => {
    using directory = makeTempDir();
    await using server = await serve(directory);
    const { way } = server;
    await using mirror = await LiveMirror.inSync({
      ...way,
      options: [...way.options, '--timeout', '2', '--bwlimit', '1m', '--rsync-opt=--no-whole-file'],
      before: 'mkdir -p d/e; echo 1 > d/e/f; echo 2 > g; echo 3 > kept',
    });
    mirror.change('mv d moved; rm g; head -c 8M /dev/urandom > big; echo 4 > small');
    await mirror.until(
      () => readdirSync(mirror.copy).some((name) => name.startsWith('.big.')),
      'the receiver is writing',
    );
    stop(mirror, server);
    const line = await mirror.untilLogged(/^batch \d+ failed: .*next attempt in/);
    expect(line.msg).toMatch(/did nothing for 2 s|no data for the whole time-out/);
    mirror.change('rm big; mv moved d; echo 5 > last');
    await mirror.untilEqual();
    expect((await mirror.end()).code).toBe(143);
    expect(mirror.process.family()).toEqual([]);
    await server.kill();
  });
});
