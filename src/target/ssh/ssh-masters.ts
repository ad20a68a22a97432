import { SshMaster } from './ssh-master.ts';
import type { SshOptions } from './ssh-options.ts';

/** sshd's default for MaxSessions, sshd_config(5): so many channels one connection takes. */
const MAX_SESSIONS = 10;

/** One target's part in a connection. */
export interface SshLease {
  readonly master: SshMaster;
  /** The target is done with it; with the last one the connection ends. Idempotent. */
  release(): Promise<void>;
}

interface Shared {
  readonly key: string;
  readonly master: SshMaster;
  /** Promised to its users. */
  sessions: number;
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
    const key = JSON.stringify([options, environment]);
    let shared = [...this.#shared].find((one) => one.key === key && one.sessions + sessions <= MAX_SESSIONS);
    if (shared === undefined) {
      shared = { key, master: new SshMaster(options, environment), sessions: 0 };
      this.#shared.add(shared);
    }
    const mine = shared;
    mine.sessions += sessions;
    let isReleased = false;
    return {
      master: mine.master,
      release: async () => {
        if (isReleased) return;
        isReleased = true;
        mine.sessions -= sessions;
        if (mine.sessions > 0) return;
        this.#shared.delete(mine);
        await mine.master.close();
      },
    };
  }
}
