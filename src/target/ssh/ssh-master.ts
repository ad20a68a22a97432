import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Failed } from '../../model/outcome.ts';
import { remoteShellRemedy } from '../rsync/exit-policy.ts';
import { findLauncher } from '../rsync/launcher.ts';
import { runProcess } from '../rsync/run-process.ts';
import type { ProcessEnd } from '../rsync/run-process.ts';
import type { StreamCommand } from './child-stream.ts';
import { hostForSsh, masterArguments, sharedConnectionCommand } from './ssh-options.ts';
import type { SshOptions } from './ssh-options.ts';

/** From the start of ssh to the moment others can use its connection. */
const CONNECT_MS = 120_000;
const CONNECT_STEP_MS = 10;
const KEPT_LINES = 20;
/** A socket's path has at most 107 bytes (sockaddr_un), and ssh makes it under a name that is 17 longer. */
const MAX_DIRECTORY_CHARACTERS = 70;

interface Connection {
  readonly stop: AbortController;
  readonly ended: Promise<ProcessEnd>;
  readonly lines: string[];
  end: ProcessEnd | undefined;
}

/**
 * One ssh connection to a host that all work for its targets shares: a supervised child (`ssh -M -N`) with a socket in a
 * private directory. Started by {@link connect}, and again by the next one after it has ended.
 */
export class SshMaster {
  readonly #options: SshOptions;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #launcher: readonly string[] | undefined;
  #directory: string | undefined;
  #connection: Connection | undefined;
  #connections = 0;
  #connecting: Promise<Failed | undefined> | undefined;

  constructor(options: SshOptions, environment: Readonly<Record<string, string | undefined>>) {
    this.#options = options;
    this.#environment = environment;
  }

  /** How many connections there have been: what was found out about the host holds for one of them. */
  get connections(): number {
    return this.#connections;
  }

  /** False once the connection has ended; a network that is cut shows after a minute only. */
  get isConnected(): boolean {
    const connection = this.#connection;
    return connection !== undefined && connection.end === undefined && existsSync(this.#socket);
  }

  /** Makes the connection if there is none. Who asks while it is being made gets the same answer, that it was ended included. */
  connect(signal: AbortSignal): Promise<Failed | undefined> {
    this.#connecting ??= this.#connect(signal).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(signal: AbortSignal): Promise<Failed | undefined> {
    if (this.isConnected) return undefined;
    await this.#disconnect();
    this.#launcher ??= await findLauncher(this.#environment);
    this.#directory ??= await mkdtemp(join(socketParent(), 'syncline-ssh-'));
    // One left by an ssh that was killed would keep the next from listening.
    await rm(this.#socket, { force: true });
    const connection = this.#start(this.#launcher);
    if (await this.#isReady(connection, signal)) return undefined;
    const { end } = connection;
    await this.#disconnect();
    if (end !== undefined) return this.#judge(end, connection.lines);
    return signal.aborted
      ? this.#failed('batch', 'was ended before it was made')
      : this.#failed('target', `could not be made within ${CONNECT_MS / 1000} s`);
  }

  /** Waits until the socket is there, or there is no more use in waiting. */
  async #isReady(connection: Connection, signal: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + CONNECT_MS;
    while (connection.end === undefined && !signal.aborted && performance.now() < deadline) {
      if (existsSync(this.#socket)) return true;
      await pause(CONNECT_STEP_MS);
    }
    return false;
  }

  /** The command that does something on the host over this connection: a command line there, or with `-s` a subsystem. */
  command(...words: readonly string[]): StreamCommand {
    const [program, ...options] = sharedConnectionCommand(this.#socket);
    const isSubsystem = words[0] === '-s';
    const host = hostForSsh(this.#options.host);
    return {
      launcher: this.#launcher ?? [],
      program,
      arguments: [
        ...options,
        ...(isSubsystem ? ['-s'] : []),
        '--',
        host,
        ...words.slice(isSubsystem ? 1 : 0),
      ],
      environment: this.#environment,
    };
  }

  /** The same as the value of rsync's `-e`, to be asked for when a run starts. */
  get remoteShell(): string {
    return sharedConnectionCommand(this.#socket).join(' ');
  }

  /** Ends the connection and what uses it; afterwards no child and no file is left. Idempotent. */
  async close(): Promise<void> {
    await this.#disconnect();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }

  #start(launcher: readonly string[]): Connection {
    const stop = new AbortController();
    const lines: string[] = [];
    const connection: Connection = {
      stop,
      lines,
      end: undefined,
      ended: runProcess({
        launcher,
        program: this.#options.program ?? 'ssh',
        arguments: masterArguments(this.#options, this.#socket),
        environment: this.#environment,
        onOutput: () => undefined,
        onError: (line) => {
          if (lines.push(line) > KEPT_LINES) lines.shift();
        },
        idleTimeoutMs: 0,
        meetsFifos: false,
        signal: stop.signal,
      }),
    };
    void connection.ended.then((end) => {
      connection.end = end;
    });
    this.#connection = connection;
    this.#connections++;
    return connection;
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.stop.abort();
    await connection?.ended;
  }

  #judge(end: ProcessEnd, lines: readonly string[]): Failed {
    if (end.kind === 'notStarted')
      return this.#failed(
        'configuration',
        `cannot be made: ssh: ${end.reason}`,
        'Install the OpenSSH client.',
      );
    const said = lines.filter((line) => line.trim() !== '').join('; ');
    const isMisused = /Bad configuration option|unknown option|illegal option|usage: ssh|Bad port/i.test(
      said,
    );
    const remedy =
      remoteShellRemedy(said) ??
      (isMisused
        ? 'Check the configuration of ssh, and what --ssh-opt (ssh in a configuration) says.'
        : undefined);
    return this.#failed(isMisused ? 'configuration' : 'target', `failed: ${said || end.kind}`, remedy);
  }

  #failed(scope: Failed['scope'], what: string, remedy?: string): Failed {
    const message = `The ssh connection to ${this.#options.host} ${what.replace(/\.+$/, '')}.`;
    return { kind: 'failed', scope, message, ...(remedy === undefined ? {} : { remedy }) };
  }

  get #socket(): string {
    return `${this.#directory ?? ''}/s`;
  }
}

/** Where the path stays short, and holds nothing that ssh expands (`%`, `$`, `~`) or that rsync splits. */
function socketParent(): string {
  const parent = tmpdir();
  return parent.length <= MAX_DIRECTORY_CHARACTERS && /^[A-Za-z0-9/._-]+$/.test(parent) ? parent : '/tmp';
}
