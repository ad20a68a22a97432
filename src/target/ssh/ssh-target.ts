import type { Batch } from '../../model/batch.ts';
import type { Outcome } from '../../model/outcome.ts';
import { SynclineError } from '../../model/syncline-error.ts';
import { createRsyncTarget } from '../rsync/rsync-target.ts';
import { namesRemoteShell } from '../rsync/rsync-arguments.ts';
import { DEFAULT_TIMEOUT_SECONDS } from '../rsync/rsync-options.ts';
import type { RsyncTargetOptions } from '../rsync/rsync-options.ts';
import type { DeliveryContext, Target, TargetCapabilities } from '../target.ts';
import { WorkUnderWay } from '../work-under-way.ts';
import { HostMover } from './host-mover.ts';
import type { SshLease, SshMasters } from './ssh-masters.ts';
import { checkSshOptions, hostForRsync } from './ssh-options.ts';
import type { SshOptions } from './ssh-options.ts';

/** A directory on a host; everything else is as for any rsync target. */
export interface SshTargetOptions extends Omit<RsyncTargetOptions, 'target' | 'mover' | 'remoteShell'> {
  readonly ssh: SshOptions;
  readonly masters: SshMasters;
  /** On the host, below the home directory unless it begins with a slash; `~/` may stand for the home directory. */
  readonly directory: string;
}

/** An answer to a move is a matter of one rename; it takes longer only where the disk or the way there is stuck. */
const MAX_ANSWER_SECONDS = 60;

/**
 * A directory on a host that rsync brings up to date, and on which moves are repeated as moves; all over one ssh
 * connection. Throws a SynclineError (TARGET, USAGE) for options that cannot work.
 */
export function createSshTarget({ ssh, masters, directory, ...options }: SshTargetOptions): Target {
  checkSshOptions(ssh);
  if (namesRemoteShell(options.extraArguments ?? []))
    throw new SynclineError(
      'USAGE',
      'rsync to a host that has its own ssh connection cannot be given another one by --rsh.',
      'Give options of ssh by --ssh-opt (ssh in a configuration).',
    );
  const root = directoryOnHost(directory);
  // One for the moves, the others for rsync.
  const lease = masters.lease(ssh, options.environment, 1 + (options.maxProcesses ?? 1));
  const seconds = options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const answerMs = Math.min(MAX_ANSWER_SECONDS, seconds === 0 ? Infinity : seconds) * 1000;
  const mover = new HostMover({ host: ssh.host, root, answerMs }, lease);
  const rsync = createRsyncTarget({
    ...options,
    target: `${hostForRsync(ssh.host)}:${root}`,
    mover,
    remoteShell: () => lease.master.remoteShell,
  });
  return new SshTarget(rsync, mover, lease);
}

function directoryOnHost(directory: string): string {
  if (directory === '' || directory.includes('\0'))
    throw new SynclineError('TARGET', 'TARGETDIR is empty.', 'Use . for the home directory on the host.');
  if (/^~[^/]/.test(directory))
    throw new SynclineError(
      'TARGET',
      `TARGETDIR ${directory} names the home of a user.`,
      'Give the absolute path.',
    );
  const below = directory.replace(/^~(?:\/+|$)/, '').replace(/(?<=.)\/+$/s, '');
  return below === '.' ? '' : below;
}

class SshTarget implements Target {
  readonly name: string;
  readonly capabilities: TargetCapabilities;
  readonly #rsync: Target;
  readonly #mover: HostMover;
  readonly #lease: SshLease;
  readonly #work = new WorkUnderWay();

  constructor(rsync: Target, mover: HostMover, lease: SshLease) {
    this.name = rsync.name;
    this.capabilities = rsync.capabilities;
    this.#rsync = rsync;
    this.#mover = mover;
    this.#lease = lease;
  }

  prepare(context: DeliveryContext): Promise<void> {
    return this.#rsync.prepare(context);
  }

  deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    return this.#work.run(context, (until) => this.#deliver(batch, until));
  }

  async close(): Promise<void> {
    await this.#work.close();
    await this.#rsync.close();
    await this.#mover.close();
    await this.#lease.release();
  }

  async #deliver(batch: Batch, context: DeliveryContext): Promise<Outcome> {
    const failure = await this.#lease.master.connect(context.signal);
    if (failure !== undefined) return failure;
    const outcome = await this.#rsync.deliver(batch, context);
    // The connection may hang, and ssh would notice that only after a minute; a new one costs a moment.
    if (outcome.kind === 'failed' && outcome.scope === 'target') await this.#lease.renew();
    return outcome;
  }
}
