import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveConfig } from '../support/live-config.ts';
import { processesNaming } from '../support/processes.ts';
import { startRsyncDaemon } from '../support/rsync-daemon.ts';
import { startSshd, type Sshd } from '../support/sshd.ts';
import { tcpForwarder } from '../support/tcp-forwarder.ts';
import { freePort } from '../support/tcp-port.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';
import { endsWithNothingLeft, untilEqual, untilWaiting } from '../support/tunnelled.ts';

const before = 'mkdir -p d/e; echo 1 > d/e/f; echo 2 > g; ln -s g link';

/** The arguments of ssh that log in at the server itself. */
function loginWords(sshd: Sshd): readonly string[] {
  return [...sshd.sshArguments, '-i', sshd.identity, '-p', String(sshd.port), '-oBatchMode=yes'];
}

/** A configuration whose host is reached at `port` of this machine, which the command forwards. */
function overSsh(sshd: Sshd, port: number, directory: TempDir, command: string): string {
  const [user] = sshd.host.split('@');
  const knownHosts = sshd.sshArguments.find((word) => word.includes('KnownHosts'))?.split('=')[1] ?? '';
  return JSON.stringify({
    defaults: { delay: 0.1 },
    statusFile: 'status.json',
    statusInterval: 0.2,
    syncs: [
      {
        source: 'src',
        targets: [{ kind: 'rsyncssh', host: `${user ?? ''}@localhost`, directory: directory.at('copy') }],
        ssh: {
          port,
          identity: sshd.identity,
          options: {
            UserKnownHostsFile: knownHosts,
            HostKeyAlias: `[127.0.0.1]:${sshd.port}`,
            IdentitiesOnly: 'yes',
          },
          extra: ['-F/dev/null'],
        },
        timeout: 3,
        tunnel: {
          name: 'way',
          retryDelay: 0.2,
          readyDelay: 0.2,
          command: JSON.parse(command) as unknown,
        },
      },
    ],
  });
}

/** What is moved while a delivery is under way is sent again: waits until each run that was begun is over. */
async function untilAtRest(live: LiveConfig): Promise<void> {
  await live.until(
    () =>
      live
        .logged(/^run$|^(first sync|batch \d+) delivered/)
        .at(-1)
        ?.msg.includes('delivered') === true,
    'the end of the delivery',
  );
}

describe.concurrent('a tunnel to a host', () => {
  test('of ssh carries the one connection of rsyncssh, moves too, and both come back when it is killed', async () => {
    using directory = makeTempDir();
    await using sshd = await startSshd();
    const port = await freePort();
    const forward = `${port}:127.0.0.1:${sshd.port}`;
    const words = ['ssh', ...loginWords(sshd), '-oExitOnForwardFailure=yes', '-N', '-L', forward, sshd.host];
    const config = overSsh(sshd, port, directory, JSON.stringify(words));
    await using live = await LiveConfig.inSync(config, ['src'], before, 1, ['--log-level', 'debug']);
    await untilEqual(live, directory);
    expect(live.logged(/^tunnel way is up$/)).toHaveLength(1);
    // The tunnel, and the connection in it.
    await live.until(() => sshd.connections() === 2, 'nothing but these');
    const { ino } = statSync(directory.at('copy/d/e/f'));
    live.change('src', 'mv d moved; echo 3 > moved/new');
    await untilEqual(live, directory);
    expect(statSync(directory.at('copy/moved/e/f')).ino).toBe(ino);

    for (const id of processesNaming(forward)) process.kill(id, 'SIGKILL');
    live.change('src', 'echo meanwhile > moved/meanwhile; rm g');
    await untilEqual(live, directory);
    expect(live.logged(/^tunnel way is up$/)).toHaveLength(2);
    await untilAtRest(live);
    live.change('src', 'mv moved/e e; echo again > e/again');
    await untilEqual(live, directory);
    expect(statSync(directory.at('copy/e/f')).ino).toBe(ino);
    await endsWithNothingLeft(live);
  });

  test('that does not come up makes the target wait, and no ssh is tried', async () => {
    using directory = makeTempDir();
    await using sshd = await startSshd();
    const port = await freePort();
    const config = overSsh(sshd, port, directory, '"exec sleep 1000.09"');
    await using live = new LiveConfig(config, ['src'], before, ['--log-level', 'debug']);
    await untilWaiting(
      live,
      `The tunnel way is not up: its command runs, but nothing accepts connections on localhost:${port} yet.`,
    );
    expect(sshd.connections()).toBe(0);
    await endsWithNothingLeft(live);
  });

  test('that hangs is a delivery that is given up, and all arrives when it goes on', async () => {
    using directory = makeTempDir();
    using forwarder = tcpForwarder();
    await using sshd = await startSshd();
    const port = await freePort();
    const config = overSsh(sshd, port, directory, forwarder.command(port, sshd.port));
    await using live = await LiveConfig.inSync(config, ['src'], before, 1);
    const [id = 0] = forwarder.running();
    process.kill(id, 'SIGSTOP');
    try {
      live.change('src', 'echo hung > d/hung; rm g');
      await live.until(() => live.logged(/^batch \d+ failed/).length > 0, 'the failure');
    } finally {
      process.kill(id, 'SIGCONT');
    }
    await untilEqual(live, directory);
    await endsWithNothingLeft(live);
  });

  test('is one for two directories of a host, and ends with the last of them', async () => {
    using directory = makeTempDir();
    using forwarder = tcpForwarder();
    await using sshd = await startSshd();
    const port = await freePort();
    const config = JSON.parse(overSsh(sshd, port, directory, forwarder.command(port, sshd.port))) as {
      syncs: { targets: { directory: string }[] }[];
    };
    const [first] = config.syncs[0]?.targets ?? [];
    if (first === undefined) throw new Error('no target');
    config.syncs[0]?.targets.push({ ...first, directory: directory.at('other') });
    await using live = await LiveConfig.inSync(JSON.stringify(config), ['src'], before, 2);
    await untilEqual(live, directory);
    expect(forwarder.running()).toHaveLength(1);
    expect(sshd.connections()).toBe(1);
    const [sync] = config.syncs;
    if (sync === undefined) throw new Error('no sync');
    sync.targets.shift();
    await live.reload(JSON.stringify(config));
    live.change('src', 'echo 5 > five');
    await live.until(() => existsSync(directory.at('other/five')), 'the other directory');
    expect(forwarder.running()).toHaveLength(1);
    sync.targets = [{ kind: 'rsync', target: 'near' } as never];
    await live.reload(JSON.stringify({ ...config, syncs: [{ source: 'src', targets: ['near'] }] }));
    await live.until(() => forwarder.running().length === 0, 'the end of the tunnel');
    await endsWithNothingLeft(live);
  });
});

/** A tunnel that comes up only while the file `gate` is there. */
function gated(directory: TempDir, forward: string): string {
  const words = (JSON.parse(forward) as string[]).map((word) => `"${word}"`).join(' ');
  return `test -e ${directory.at('gate')} || { echo no gate; exit 9; }; exec ${words}`;
}

function copied(directory: TempDir, name: string): string | undefined {
  const file = directory.at('copy', name);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

describe.concurrent('a tunnel of an action', () => {
  const UP = /^tunnel way is up$/;

  test.each([
    [
      'commands',
      (daemon: number, tunnel: string) =>
        JSON.stringify({
          defaults: { delay: 0.1 },
          statusFile: 'status.json',
          statusInterval: 0.2,
          syncs: [
            {
              source: 'src',
              targets: [
                {
                  kind: 'action',
                  target: `rsync://127.0.0.1:${daemon}/mirror`,
                  onStartup: 'rsync -a ^source/ ^target/',
                  onCreate: 'rsync -a ^sourcePathname ^target/',
                  onModify: 'until test -e go; do sleep 0.02; done; rsync -a ^sourcePathname ^target/',
                },
              ],
              tunnel: { name: 'way', command: tunnel, readyDelay: 0.2, retryDelay: 0.2 },
            },
          ],
        }),
      'c.yaml',
    ],
    [
      'functions in Lua',
      (daemon: number, tunnel: string) =>
        `settings{ statusFile = 'status.json', statusInterval = 1 }
        sync{ source = 'src', target = 'rsync://127.0.0.1:${daemon}/mirror', delay = 0.1,
          tunnel = tunnel{ name = 'way', command = { 'sh', '-c', [[${tunnel}]] }, readyDelay = 0.2, retryDelay = 0.2 },
          onStartup = 'rsync -a ^source/ ^target/',
          onCreate = function(event) spawn(event, 'rsync', '-a', event.sourcePathname, event.target .. '/') end,
          onModify = function(event)
            spawnShell(event, 'until test -e go; do sleep 0.02; done; rsync -a "$1" "$2"', event.sourcePathname, event.target .. '/')
          end }`,
      'c.lua',
    ],
  ] as const)(
    'as %s: nothing is run while it is down, and what failed by it is done when it is back',
    async (_name, config, file) => {
      using directory = makeTempDir();
      using forwarder = tcpForwarder();
      mkdirSync(directory.at('copy'));
      await using daemon = await startRsyncDaemon(directory.at('copy'));
      const port = await freePort();
      const tunnel = gated(directory, forwarder.command(port, daemon.port));
      const options = ['--log-level', 'debug'];
      await using live = new LiveConfig(config(port, tunnel), ['src'], 'echo 1 > one', options, {}, file);
      await untilWaiting(live, 'The tunnel way is not up: its command ended with exit 9: no gate.');
      await live.until(() => live.logged(/^(first sync|batch \d+) failed/).length > 0, 'the line about it');
      expect(live.logged(/^(first sync|batch \d+) failed/)[0]?.msg).toContain('The tunnel way is not up');
      expect(live.logged(/rsync error/)).toEqual([]);

      writeFileSync(directory.at('gate'), '');
      await live.until(() => copied(directory, 'one') === '1\n', 'the first sync');
      expect(live.logged(UP)).toHaveLength(1);
      // In one step: what is modified waits for `go`.
      live.change('src', 'ln one two');
      await live.until(() => copied(directory, 'two') === '1\n', 'a new name');

      // The tunnel goes while a command is under way, which then cannot reach its host.
      live.change('src', 'echo more >> one');
      await live.until(() => live.process.output.includes('until test -e go'), 'the command');
      rmSync(directory.at('gate'));
      for (const id of forwarder.running()) process.kill(id, 'SIGKILL');
      await live.until(() => live.logged(/its command was killed by SIGKILL/).length === 1, 'its end');
      writeFileSync(live.directory.at('go'), '');
      await live.until(() => live.logged(/^one: .*quarantined/).length === 1, 'the trouble');
      live.change('src', 'echo 3 > three');
      await live.until(
        () => live.logged(/^batch \d+ failed: The tunnel way is not up/).length > 0,
        'the state',
      );
      expect(copied(directory, 'three')).toBeUndefined();

      writeFileSync(directory.at('gate'), '');
      await live.until(
        () => copied(directory, 'one') === '1\nmore\n' && copied(directory, 'three') === '3\n',
        'all that waited',
      );
      expect(live.logged(UP)).toHaveLength(2);
      await endsWithNothingLeft(live);
      expect(forwarder.running()).toEqual([]);
    },
  );
});
