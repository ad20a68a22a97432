import { SynclineError } from '../../model/syncline-error.ts';

/** How to reach a host; what is not said here comes from the user's own ssh configuration, agent and keys. */
export interface SshOptions {
  /** As ssh takes it: a name of the configuration, `user@host`, an IPv6 address with or without brackets. */
  readonly host: string;
  /** Makes the connection; `ssh` if not given. Those that use the connection are always `ssh`. */
  readonly program?: string | undefined;
  readonly port?: number | undefined;
  /** A file with a private key. */
  readonly identity?: string | undefined;
  /** Further arguments of ssh, one a string, before ours, so that they win where both say something. */
  readonly sshArguments?: readonly string[] | undefined;
}

/** Options that would take the connection from our hands, or make ssh do something else; ssh_config(5) ignores case. */
const OWNED_LETTERS = /^-[fGMNnOQsSVW]/;
const OWNED_SETTINGS =
  /^(?:-o)?\s*(?:Control(?:Master|Path|Persist)|SessionType|StdinNull|ForkAfterAuthentication|RemoteCommand)\b/i;

/** Throws a SynclineError (TARGET, USAGE) for what ssh would read as something else. */
export function checkSshOptions({ host, sshArguments = [] }: SshOptions): void {
  const refuse = (what: string, remedy: string): SynclineError =>
    new SynclineError('TARGET', `Host ${JSON.stringify(host)} ${what}.`, remedy);
  if (host === '' || host.endsWith('@')) throw refuse('names no host', 'Give HOST or USER@HOST.');
  if (host.startsWith('-')) throw refuse('starts with a hyphen', 'Name it in ~/.ssh/config.');
  if (/[\s\0/]/.test(host)) throw refuse('is no host', 'Give the directory as an argument of its own.');
  sshArguments.forEach((argument, index) => {
    const before = sshArguments[index - 1];
    if (OWNED_LETTERS.test(argument) || OWNED_SETTINGS.test(argument))
      throw new SynclineError('USAGE', `The ssh option ${argument} cannot be used for a mirror.`);
    // ssh would take it for the host, or for a command to run there.
    if (!argument.startsWith('-') && !(before !== undefined && /^-[A-Za-z]$/.test(before)))
      throw new SynclineError(
        'USAGE',
        `The ssh argument ${argument} is no option.`,
        'Write it as -oName=value.',
      );
  });
}

/** The host as rsync's `host:path` wants it: an IPv6 address in brackets. */
export function hostForRsync(host: string): string {
  const [, user = '', name = ''] = /^(.*@)?(.*)$/s.exec(host) ?? [];
  return name.includes(':') && !name.startsWith('[') ? `${user}[${name}]` : host;
}

/** The host as ssh wants it: an IPv6 address without brackets. */
export function hostForSsh(host: string): string {
  return host.replace(/^((?:.*@)?)\[(.*)\]$/s, '$1$2');
}

/** The arguments of the one ssh that has the connection, and listens on `socket` for those that use it. */
export function masterArguments(options: SshOptions, socket: string): string[] {
  return [
    ...['-M', '-N', '-T', '-x'],
    ...['ControlMaster=yes', `ControlPath=${socket}`, 'ControlPersist=no'].flatMap((text) => ['-o', text]),
    ...['RemoteCommand=none', 'PermitLocalCommand=no', 'ClearAllForwardings=yes'].flatMap((text) => [
      '-o',
      text,
    ]),
    ...(options.port === undefined ? [] : ['-p', String(options.port)]),
    ...(options.identity === undefined ? [] : ['-i', options.identity]),
    ...(options.sshArguments ?? []),
    ...['BatchMode=yes', 'ConnectTimeout=30'].flatMap((text) => ['-o', text]),
    // Keeps the way open through firewalls, and notices within a minute that the other side is gone.
    ...['ServerAliveInterval=15', 'ServerAliveCountMax=3'].flatMap((text) => ['-o', text]),
    '--',
    hostForSsh(options.host),
  ];
}

/**
 * ssh as a user of the connection that listens on `socket`, and of no other: where there is none it fails at once
 * instead of making one without the options of the user. No word holds a space or a quote: rsync splits them at spaces.
 */
export function sharedConnectionCommand(socket: string): readonly [program: string, ...words: string[]] {
  const settings = ['ControlMaster=no', `ControlPath=${socket}`, 'ProxyCommand=false', 'BatchMode=yes'];
  return ['ssh', '-F', '/dev/null', '-T', '-x', ...settings.flatMap((text) => ['-o', text])];
}
