import { SshMaster } from './ssh-master.ts';
import type { SshOptions } from './ssh-options.ts';

/** sshd's default for MaxSessions, sshd_config(5): so many channels one connection takes. */
const MAX_SESSIONS = 10;

/** One target's part in a connection. */
export interface SshLease {
  /** Another one after {@link renew}. */
  readonly master: SshMaster;
  /** The connection does not work for this target: takes part in one that nobody had trouble with. */
  renew(): Promise<void>;
  /** The target is done with it; with the last one the connection ends. Idempotent. */
  release(): Promise<void>;
}

interface Shared {
  readonly key: string;
  readonly master: SshMaster;
  /** Promised to its users. */
  sessions: number;
  /** It did not work for one of them. */
  isSuspect: boolean;
}

/**
 * The ssh connections of a program: targets on one host that reach it in the same way share one, as many as the sessions
 * of a connection are enough for. All calls on the main thread.
 */
export class SshMasters {
  readonly #shared = new Set<Shared>();

  /** The connection for one more target, which has up to `sessions` channels at a time. */
  lease(
    options: SshOptions,
    environment: Readonly<Record<string, string | undefined>>,
    sessions: number,
  ): SshLease {
    const take = (): Shared => {
      const shared = this.#find(options, environment, sessions);
      shared.sessions += sessions;
      return shared;
    };
    let mine = take();
    let isReleased = false;
    const leave = async (shared: Shared): Promise<void> => {
      shared.sessions -= sessions;
      if (shared.sessions > 0) return;
      this.#shared.delete(shared);
      await shared.master.close();
    };
    return {
      get master() {
        return mine.master;
      },
      renew: async () => {
        if (isReleased) return;
        const old = mine;
        old.isSuspect = true;
        mine = take();
        await leave(old);
      },
      release: async () => {
        if (isReleased) return;
        isReleased = true;
        await leave(mine);
      },
    };
  }

  #find(
    options: SshOptions,
    environment: Readonly<Record<string, string | undefined>>,
    sessions: number,
  ): Shared {
    const key = JSON.stringify([options, environment]);
    const isFree = (one: Shared): boolean =>
      one.key === key && !one.isSuspect && one.sessions + sessions <= MAX_SESSIONS;
    const known = [...this.#shared].find(isFree);
    if (known !== undefined) return known;
    const master = new SshMaster(options, environment);
    const made = { key, master, sessions: 0, isSuspect: false };
    this.#shared.add(made);
    return made;
  }
}
