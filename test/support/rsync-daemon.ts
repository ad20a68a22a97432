import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { childrenOf, killTree, stopTree } from './processes.ts';
import { makeTempDir } from './temp-dir.ts';
import { freePort, waitForPort } from './tcp-port.ts';

/** An rsync daemon on 127.0.0.1 with one module, `mirror`, for a directory. Ended and gone when disposed. */
export interface RsyncDaemon extends AsyncDisposable {
  readonly port: number;
  /** `rsync://127.0.0.1:PORT/mirror` and what follows. */
  readonly url: (path?: string) => string;
  /** Kills it with everything that runs for its connections, as a host does that loses its power. */
  kill(): Promise<void>;
  /** Stops (SIGSTOP) what runs for its connections; new ones are served. They have to be killed at the end. */
  hang(): void;
}

/** Starts a daemon as this user; `settings` are further lines of the module (`refuse options = delete`). */
export async function startRsyncDaemon(
  directory: string,
  settings: readonly string[] = [],
  port?: number,
): Promise<RsyncDaemon> {
  const chosenPort = port ?? (await freePort());
  const own = makeTempDir();
  const config = [
    `port = ${chosenPort}`,
    'address = 127.0.0.1',
    'use chroot = no',
    'munge symlinks = no',
    'numeric ids = yes',
    `log file = ${own.at('log')}`,
    ...(process.getuid?.() === 0 ? ['uid = 0', 'gid = 0'] : []),
    '[mirror]',
    `path = ${directory}`,
    'read only = no',
    ...settings,
  ];
  writeFileSync(own.at('rsyncd.conf'), `${config.join('\n')}\n`);
  const child = spawn('rsync', ['--daemon', '--no-detach', `--config=${own.at('rsyncd.conf')}`], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await waitForPort(chosenPort);
  return {
    port: chosenPort,
    url: (path = '') => `rsync://127.0.0.1:${chosenPort}/mirror${path === '' ? '' : `/${path}`}`,
    kill: async () => {
      killTree(child.pid ?? 0);
      await ended;
    },
    hang: () => {
      for (const id of childrenOf(child.pid ?? 0)) stopTree(id);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
      own[Symbol.dispose]();
    },
  };
}
