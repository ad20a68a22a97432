import { mkdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveConfig } from '../support/live-config.ts';
import type { LogLine } from '../support/live-process.ts';
import { processesNaming } from '../support/processes.ts';
import { startRsyncDaemon, type RsyncDaemon } from '../support/rsync-daemon.ts';
import { startSshd } from '../support/sshd.ts';
import { tcpForwarder } from '../support/tcp-forwarder.ts';
import { freePort } from '../support/tcp-port.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';
import { endsWithNothingLeft, untilEqual, untilWaiting } from '../support/tunnelled.ts';

const before = 'mkdir -p d/e; echo 1 > d/e/f; echo 2 > g; ln -s g link';
function startDaemon(directory: TempDir): Promise<RsyncDaemon> {
  mkdirSync(directory.at('copy'));
  return startRsyncDaemon(directory.at('copy'));
}

/** The last argument of each run of rsync. */
function targetsOfRuns(live: LiveConfig): readonly string[] {
  const lines = live.logged(/^run$/) as readonly (LogLine & { readonly command: readonly string[] })[];
  return lines.map(({ command }) => command.at(-1) ?? '').filter((word) => word.startsWith('rsync://'));
}

const config = (target: string, tunnel: string, more = ''): string =>
  `defaults: { delay: 0.1 }\nstatusFile: status.json\nstatusInterval: 0.2\nsyncs: [{ source: src, targets: ['${target}'], tunnel: { name: way, ${tunnel} }${more} }]`;

describe.concurrent('a tunnel', () => {
  test('brings an rsync daemon near, and when it is killed what changes meanwhile arrives by the next one', async () => {
    using directory = makeTempDir();
    using forwarder = tcpForwarder();
    await using daemon = await startDaemon(directory);
    const port = await freePort();
    const target = `rsync://127.0.0.1:${port}/mirror`;
    const text = (retryDelay: number): string =>
      config(target, `command: ${forwarder.command(port, daemon.port)}, retryDelay: ${retryDelay}`);
    await using live = await LiveConfig.inSync(text(1), ['src'], before, 1);
    await untilEqual(live, directory);
    // Its port tells that it is up: nobody waits for readyDelay.
    expect(live.logged(/^tunnel way is up$/)).toHaveLength(1);
    shell(live.directory.at('src'), 'echo 3 > d/new; mv g h');
    await untilEqual(live, directory);

    for (const id of forwarder.running()) process.kill(id, 'SIGKILL');
    await live.until(
      () => live.logged(/its command was killed by SIGKILL; started again in 1 s/).length > 0,
      'its end',
    );
    shell(live.directory.at('src'), 'echo meanwhile > d/meanwhile; rm h');
    await untilEqual(live, directory);
    expect(live.logged(/^tunnel way is up$/)).toHaveLength(2);

    const [old] = forwarder.running();
    expect(await live.reload(text(2))).toEqual([`target ${target}: tunnel.retryDelay 1 s → 2 s`]);
    await live.until(() => forwarder.running().some((id) => id !== old), 'the tunnel made anew');
    shell(live.directory.at('src'), 'echo after > d/after');
    await untilEqual(live, directory);
    await live.until(() => forwarder.running().length === 1, 'the end of the old one');
    await live.reload('statusFile: status.json\nsyncs: [{ source: src, targets: [other] }]');
    await live.until(() => forwarder.running().length === 0, 'the end of the tunnel with its target');
    await endsWithNothingLeft(live);
  });

  test('that does not come up makes the target wait and say why, and leaves nothing behind at the end', async () => {
    const port = await freePort();
    await using live = new LiveConfig(
      config(`rsync://localhost:${port}/m`, 'command: "echo no way >&2; exit 3", retryDelay: 0.2'),
      ['src'],
      before,
    );
    const why = 'The tunnel way is not up: its command ended with exit 3: no way.';
    await untilWaiting(live, why);
    await live.until(
      () => live.logged(/exit 3: no way; started again in 0.4 s/).length > 0,
      'a longer pause',
    );
    expect(live.logged(/^batch 1 failed: The tunnel way is not up/)[0]?.level).toBe('error');
    await endsWithNothingLeft(live);
  });

  test('that lives and never listens is told of, and is ended with what it has started, TERM or not', async () => {
    const port = await freePort();
    const mark = `${port}.75`;
    await using live = new LiveConfig(
      config(`rsync://localhost:${port}/m`, `command: "trap '' TERM; sleep ${mark} & wait", readyDelay: 0.1`),
      ['src'],
      before,
    );
    await untilWaiting(
      live,
      `The tunnel way is not up: its command runs, but nothing accepts connections on localhost:${port} yet.`,
    );
    expect(processesNaming(mark).length).toBeGreaterThan(0);
    await endsWithNothingLeft(live);
    expect(processesNaming(mark)).toEqual([]);
  });

  test('of a pool has a port for each process, and deliveries go by all of them', async () => {
    using directory = makeTempDir();
    using forwarder = tcpForwarder();
    await using daemon = await startDaemon(directory);
    const target = 'rsync://localhost:{localport}/mirror';
    const tunnel = `mode: pool, parallel: 2, command: ${forwarder.command('{localport}', daemon.port)}`;
    await using live = await LiveConfig.inSync(config(target, tunnel), ['src'], before, 1);
    const ports = (): ReadonlySet<string> => new Set(readFileSync(forwarder.used, 'utf8').trim().split('\n'));
    for (let count = 0; count < 4 || ports().size < 2; count++) {
      expect(count).toBeLessThan(20);
      shell(live.directory.at('src'), `echo ${count} > n${count}`);
      await untilEqual(live, directory);
    }
    expect(ports().size).toBe(2);
    expect(live.logged(/^tunnel way is up on port \d+$/)).toHaveLength(2);
    await endsWithNothingLeft(live);
  });

  test('of ssh in a Lua configuration forwards as ^localport and ${localport} say', async () => {
    using directory = makeTempDir();
    await using daemon = await startDaemon(directory);
    await using sshd = await startSshd();
    const options = [...sshd.sshArguments, '-i', sshd.identity, '-p', String(sshd.port), '-oBatchMode=yes'];
    const words = ['ssh', ...options, '-N', '-L', `^localport:^localhost:${daemon.port}`, sshd.host];
    const lua = `sync{ default.rsync, source = 'src', target = 'rsync://localhost:\${localport}/mirror', delay = 0.1,
      rsync = { archive = true },
      tunnel = tunnel{ mode = 'pool', parallel = 1, localhost = '127.0.0.1', command = { '${words.join("', '")}' } } }`;
    await using live = new LiveConfig(lua, ['src'], before, ['--log-level', 'debug'], {}, 'c.lua');
    await untilEqual(live, directory);
    shell(live.directory.at('src'), 'echo live > d/live; rm g');
    await untilEqual(live, directory);
    expect(new Set(targetsOfRuns(live))).toHaveLength(1);
    expect(targetsOfRuns(live)[0]).toMatch(/^rsync:\/\/localhost:\d+\/mirror\/$/);
    expect(live.logged(/^tunnel Tunnel1 is up on port \d+$/)).toHaveLength(1);
    await endsWithNothingLeft(live);
  });
});
