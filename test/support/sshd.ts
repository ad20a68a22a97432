import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
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
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', own.at('sshd_config')], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await waitForPort(port);
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
    connections: () => childrenOf(child.pid ?? 0).length,
    cutConnections: () => {
      const connections = childrenOf(child.pid ?? 0);
      for (const id of connections.flatMap((connection) => [connection, ...childrenOf(connection)]))
        killIfThere(id);
      return connections.length;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
      own[Symbol.dispose]();
    },
  };
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((id) => parentOf(id) === parent);
}

function parentOf(id: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}

function killIfThere(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch {
    // It ended with its parent.
  }
}
