import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { childrenOf, killTree, signalIfThere, stopTree } from './processes.ts';
import { makeTempDir } from './temp-dir.ts';
import { freePort, waitForPort } from './tcp-port.ts';

/** An OpenSSH server on 127.0.0.1 for this user with keys and configuration of its own. Ended and gone when disposed. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** The value of rsync's `-e` that logs in there without asking anything. */
  readonly remoteShell: string;
  readonly host: string;
  /** The private key that may log in. */
  readonly identity: string;
  /** The other arguments of ssh that it takes to log in there without asking anything. */
  readonly sshArguments: readonly string[];
  /** The options of `syncline mirror --rsyncssh` for it. */
  readonly mirrorOptions: readonly string[];
  connections(): number;
  /** Kills the processes of all connections; new ones can be made. Returns how many connections there were. */
  cutConnections(): number;
  /** Kills the server with everything that runs for its connections, as a host does that loses its power. */
  kill(): Promise<void>;
  /** Stops (SIGSTOP) what runs for its connections; new ones are served. They have to be killed at the end. */
  hang(): void;
  /** Starts it again after {@link kill}, with the same port and keys. */
  restart(): Promise<void>;
}

export interface SshdOptions {
  /** Whether there is SFTP; yes if not given. */
  readonly sftp?: boolean;
  /** Further lines of sshd_config. */
  readonly config?: readonly string[];
}

export async function startSshd({ sftp = true, config: further = [] }: SshdOptions = {}): Promise<Sshd> {
  const own = makeTempDir();
  const port = await freePort();
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', own.at(key)], { stdio: 'ignore' });
  writeFileSync(own.at('authorized_keys'), readFileSync(own.at('user.pub')), { mode: 0o600 });
  writeFileSync(own.at('known_hosts'), `[127.0.0.1]:${port} ${readFileSync(own.at('host.pub'), 'utf8')}`);
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${own.at('host')}`,
    `AuthorizedKeysFile ${own.at('authorized_keys')}`,
    `PidFile ${own.at('pid')}`,
    // The keys lie below /tmp, which everybody may write.
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'PrintMotd no',
    ...(sftp ? ['Subsystem sftp internal-sftp'] : []),
    ...further,
  ];
  writeFileSync(own.at('sshd_config'), `${config.join('\n')}\n`);
  // As root, sshd wants its directory for unprivileged children, which a system that never ran it lacks.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  let server: { readonly child: ChildProcess; readonly ended: Promise<unknown> };
  const start = async (): Promise<void> => {
    const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', own.at('sshd_config')], { stdio: 'ignore' });
    server = { child, ended: new Promise((resolve) => child.once('exit', resolve)) };
    await waitForPort(port);
  };
  await start();
  const identity = own.at('user');
  const sshArguments = [
    '-F/dev/null',
    `-oUserKnownHostsFile=${own.at('known_hosts')}`,
    '-oIdentitiesOnly=yes',
  ];
  return {
    port,
    host: `${userInfo().username}@127.0.0.1`,
    remoteShell: `ssh -p ${port} -i ${identity} ${sshArguments.join(' ')} -o BatchMode=yes`,
    identity,
    sshArguments,
    mirrorOptions: [
      ...['--rsyncssh', '--port', String(port), '--identity', identity],
      ...sshArguments.map((argument) => `--ssh-opt=${argument}`),
    ],
    connections: () => childrenOf(server.child.pid ?? 0).length,
    cutConnections: () => {
      const connections = childrenOf(server.child.pid ?? 0);
      for (const id of connections.flatMap((connection) => [connection, ...childrenOf(connection)]))
        signalIfThere(id, 'SIGKILL');
      return connections.length;
    },
    kill: async () => {
      killTree(server.child.pid ?? 0);
      await server.ended;
    },
    hang: () => {
      for (const id of childrenOf(server.child.pid ?? 0)) stopTree(id);
    },
    restart: start,
    [Symbol.asyncDispose]: async () => {
      server.child.kill('SIGTERM');
      await server.ended;
      own[Symbol.dispose]();
    },
  };
}
