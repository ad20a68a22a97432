import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LsyncdMirror } from '../support/lsyncd-mirror.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { tcpForwarder } from '../support/tcp-forwarder.ts';
import { makeTempDir } from '../support/temp-dir.ts';

test('lsyncd tells of tunnels in its status file and in the category Tunnel of its log', async () => {
  using served = makeTempDir();
  using forwarder = tcpForwarder();
  mkdirSync(served.at('copy'));
  await using daemon = await startRsyncDaemon(served.at('copy'));
  const [program = '', ...words] = JSON.parse(forwarder.command('^localport', daemon.port)) as string[];
  const gate = served.at('gate');
  // One of both processes gets through, the other one finds it shut.
  const pool = `mkdir ${gate} && exec ${[program, ...words].map((word) => `"${word}"`).join(' ')}; echo shut; exit 7`;
  await using mirror = new LsyncdMirror(({ directory, source }) => {
    const sync = `source = '${source}', target = 'rsync://localhost:^localport/mirror', delay = 1`;
    writeFileSync(
      directory.at('c.lua'),
      `settings{ statusFile = '${directory.at('status')}', statusInterval = 1 }
      sync{ default.rsync, ${sync},
        tunnel = tunnel{ mode = 'pool', parallel = 2, retryDelay = 600, command = { 'sh', '-c', [[${pool}]] } } }`,
    );
    return ['-log', 'Tunnel', directory.at('c.lua')];
  }, 'echo 1 > a');
  const status = (): string =>
    existsSync(mirror.directory.at('status')) ? readFileSync(mirror.directory.at('status'), 'utf8') : '';
  await mirror.until(() => existsSync(served.at('copy/a')), 'the first sync');
  await mirror.until(() => status().includes('Tunnel: name=Tunnel1 status=UP_RETRY_TIMEOUT\n'), 'the status');
  const up = /^ {2}\d: up port=\d+$/gm;
  const down = /^ {2}\d: down port=\d+ \(its command ended with exit 7: shut\)$/gm;
  expect([status().match(up)?.length, status().match(down)?.length]).toEqual([1, 1]);
  expect(mirror.output).toMatch(/^\S+ Tunnel: tunnel Tunnel1: its command is started for port \d+$/m);
  expect(mirror.output).toMatch(/^\S+ Tunnel: tunnel Tunnel1: shut$/m);
  expect(mirror.output).toMatch(/^\S+ Normal: tunnel Tunnel1 is up on port \d+$/m);
  expect(mirror.output).toMatch(
    /^\S+ Warn: tunnel Tunnel1: its command ended with exit 7: shut; started again/m,
  );
  expect(mirror.output).not.toMatch(/^\S+ (Debug|Exec): /m);
  expect((await mirror.process.end('SIGTERM', 30_000)).code).toBe(143);
  expect(mirror.output).toMatch(/^\S+ Tunnel: tunnel Tunnel1: ended$/m);
  expect(status()).not.toContain('Tunnel:');
  expect(mirror.process.family()).toEqual([]);
});
