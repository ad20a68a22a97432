import type { Move } from '../../model/batch.ts';
import type { Failed } from '../../model/outcome.ts';
import { makeMoves } from '../move/make-moves.ts';
import type { Mover } from '../move/mover.ts';
import { runProcess } from '../rsync/run-process.ts';
import type { DeliveryContext } from '../target.ts';
import { madeMove, moveScript, SCRIPT_BEGINS } from './move-script.ts';
import { SftpChannel, SftpLost } from './sftp-channel.ts';
import type { SshMaster } from './ssh-master.ts';
import type { SshLease } from './ssh-masters.ts';

export interface HostMoverOptions {
  /** As the user wrote it, for messages. */
  readonly host: string;
  /** The target's root there, relative to the home directory unless it begins with a slash. */
  readonly root: string;
  /** An answer that takes longer is taken as lost with the connection. */
  readonly answerMs: number;
}

/** How moves are made on a host: by SFTP; by mv in a shell; not at all. */
type Way = 'sftp' | 'shell' | 'none';

/**
 * Makes moves on a host over its connection: by SFTP, where the host has no SFTP by a script, and where it has no shell
 * either, not at all. What was found out holds for one connection; each step down is told once.
 */
export class HostMover implements Mover {
  readonly #options: HostMoverOptions;
  readonly #lease: SshLease;
  readonly #told = new Set<Way>();
  #way: Way = 'sftp';
  /** Which connection that holds for. */
  #seen: { readonly master: SshMaster; readonly connections: number } | undefined;
  #channel: SftpChannel | undefined;

  constructor(options: HostMoverOptions, lease: SshLease) {
    this.#options = options;
    this.#lease = lease;
  }

  async makeMoves(moves: readonly Move[], context: DeliveryContext): Promise<readonly Move[] | Failed> {
    const { master } = this.#lease;
    const { connections } = master;
    if (this.#seen?.master !== master || this.#seen.connections !== connections) {
      await this.close();
      this.#seen = { master, connections };
      this.#way = 'sftp';
    }
    try {
      switch (this.#way) {
        case 'sftp':
          return await this.#moveBySftp(moves, context);
        case 'shell':
          return await this.#moveByShell(moves, context);
        case 'none':
          return moves;
      }
    } catch (error) {
      if (!(error instanceof SftpLost)) throw error;
      return this.#failed(context, error.message);
    }
  }

  /** Ends the channel. Idempotent. */
  async close(): Promise<void> {
    await this.#channel?.end();
    this.#channel = undefined;
  }

  async #moveBySftp(moves: readonly Move[], context: DeliveryContext): Promise<readonly Move[] | Failed> {
    const abort = (): void => {
      void this.#channel?.end();
    };
    context.signal.addEventListener('abort', abort);
    try {
      const refusal = await this.#openChannel();
      if (context.signal.aborted) return this.#failed(context, '');
      const channel = this.#channel;
      if (channel !== undefined)
        return await makeMoves(channel, moves, (move) => {
          reportMoved(move, context);
        });
      if (!this.#lease.master.isConnected) return this.#failed(context, refusal);
      this.#stepDown('shell', `SFTP is not to be had (${refusal}); moves are made by mv in a shell`, context);
      return await this.#moveByShell(moves, context);
    } finally {
      context.signal.removeEventListener('abort', abort);
    }
  }

  /** Afterwards there is a channel, or why there is none is returned. */
  async #openChannel(): Promise<string> {
    if (this.#channel?.isOpen === true) return '';
    await this.close();
    try {
      const command = this.#lease.master.command('-s', 'sftp');
      this.#channel = await SftpChannel.open(command, this.#options.root, this.#options.answerMs);
      return '';
    } catch (error) {
      if (!(error instanceof SftpLost)) throw error;
      return error.message;
    }
  }

  async #moveByShell(moves: readonly Move[], context: DeliveryContext): Promise<readonly Move[] | Failed> {
    const missed = new Set(moves);
    const errors: string[] = [];
    const script = { hasBegun: false };
    const end = await runProcess({
      ...this.#lease.master.command('sh -s'),
      input: moveScript(this.#options.root, moves),
      onOutput: (line) => {
        if (line === SCRIPT_BEGINS) script.hasBegun = true;
        const move = script.hasBegun ? moves[madeMove(line, moves.length) ?? -1] : undefined;
        if (move === undefined || !missed.delete(move)) return;
        reportMoved(move, context);
      },
      onError: (line) => {
        if (line.trim() !== '') errors.push(line);
      },
      idleTimeoutMs: this.#options.answerMs,
      meetsFifos: false,
      signal: context.signal,
    });
    const said = errors.slice(-3).join('; ');
    const isDone = end.kind === 'exited' && end.code === 0;
    if (script.hasBegun && isDone) return [...missed];
    if (script.hasBegun || end.kind !== 'exited' || !this.#lease.master.isConnected)
      return this.#failed(context, said || end.kind);
    this.#stepDown(
      'none',
      `no shell is to be had (${said || `exit ${end.code}`}); what is moved is sent again`,
      context,
    );
    return moves;
  }

  #stepDown(way: Way, why: string, context: DeliveryContext): void {
    this.#way = way;
    if (this.#told.has(way)) return;
    this.#told.add(way);
    context.report({ kind: 'notice', message: `On ${this.#options.host} ${why} (said once).` });
  }

  #failed(context: DeliveryContext, why: string): Failed {
    const what = `The moves on ${this.#options.host}`;
    return context.signal.aborted
      ? { kind: 'failed', scope: 'batch', message: `${what} were ended before they were done.` }
      : { kind: 'failed', scope: 'target', message: `${what} broke off: ${why.replace(/\.+$/, '')}.` };
  }
}

function reportMoved({ to }: Move, context: DeliveryContext): void {
  context.report({ kind: 'moved', path: to, bytes: 0 });
}
