import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { makeTempDir } from './temp-dir.ts';
import { freePort, waitForPort } from './tcp-port.ts';

/** An OpenSSH server on 127.0.0.1 for this user with keys and configuration of its own. Ended and gone when disposed. */
export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** The value of rsync's `-e` that logs in there without asking anything. */
  readonly remoteShell: string;
  readonly host: string;
}

export async function startSshd(): Promise<Sshd> {
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
  ];
  writeFileSync(own.at('sshd_config'), `${config.join('\n')}\n`);
  // As root, sshd wants its directory for unprivileged children, which a system that never ran it lacks.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', own.at('sshd_config')], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await waitForPort(port);
  const options = [
    `-p ${port}`,
    `-i ${own.at('user')}`,
    '-F /dev/null',
    `-o UserKnownHostsFile=${own.at('known_hosts')}`,
    '-o IdentitiesOnly=yes',
    '-o BatchMode=yes',
  ];
  return {
    port,
    host: `${userInfo().username}@127.0.0.1`,
    remoteShell: `ssh ${options.join(' ')}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
      own[Symbol.dispose]();
    },
  };
}
