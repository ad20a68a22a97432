import { parseTarget } from '../parse-target.ts';

/** How to open a way to a target, by a command of the user's that runs as long as the way is open. */
export interface TunnelOptions {
  /** As the log calls it; its command if not given. */
  readonly name?: string | undefined;
  /** A program with its arguments, or a text for `sh`; in a pool with {@link LOCAL_PORT}. */
  readonly command: string | readonly string[];
  /** `pool`: `parallel` processes, each with a free port of this machine, by which the target is reached in turn. */
  readonly mode: 'command' | 'pool';
  readonly parallel: number;
  /** Where no port is known to look at, it is up when its process has lived so long. */
  readonly readyDelayMs: number;
  /** Between the end of a process and the next one; longer each time that it was not up in between. */
  readonly retryDelayMs: number;
}

/** In the command and the target of a pool: the port of the process. */
export const LOCAL_PORT = '{localport}';

/** A port at which a tunnel listens on this machine. */
export interface LocalPort {
  readonly host: string;
  readonly port: number;
}

/** rsyncd.conf(5). */
const RSYNC_PORT = 873;

/** As the log calls it. */
export function tunnelName({ name, command }: TunnelOptions): string {
  return name ?? (typeof command === 'string' ? command : command.join(' '));
}

export function withLocalPort(text: string, port: number | undefined): string {
  return port === undefined ? text : text.replaceAll(LOCAL_PORT, String(port));
}

/** The program and its arguments. What a shell reads has had nothing put in but digits. */
export function tunnelWords(
  { command }: Pick<TunnelOptions, 'command'>,
  port: number | undefined,
): readonly string[] {
  const words = typeof command === 'string' ? ['sh', '-c', command] : command;
  return words.map((word) => withLocalPort(word, port));
}

/** Where an rsync target is reached on this machine by TCP; undefined where that is not said. */
export function portOfTarget(target: string, extraArguments: readonly string[]): LocalPort | undefined {
  const location = parseTarget(target);
  if (location.kind !== 'daemon') return undefined;
  const [, host = '', port] =
    /^(?:rsync:\/\/)?(?:[^@]*@)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?(?:\/|::)$/i.exec(location.address) ?? [];
  const given = extraArguments.flatMap((argument) => /^--port=(\d+)$/.exec(argument)?.[1] ?? []).at(-1);
  return localPort(host, Number(port ?? given ?? RSYNC_PORT));
}

/** The same for a host as ssh takes it; undefined where it is no name of this machine. */
export function localPort(host: string, port: number | undefined): LocalPort | undefined {
  const name = host.replace(/^.*@/s, '').replace(/^\[(.*)\]$/s, '$1');
  return port !== undefined && /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(name)
    ? { host: name, port }
    : undefined;
}

/** A port that nobody listens on, where no process has one yet. */
const NO_PORT = 1;

/** The target of a pool by the port of one of its processes; without one, by a port that leads nowhere. */
export function pooledTarget(target: string, port: number | undefined): string {
  return withLocalPort(target, port ?? NO_PORT);
}
