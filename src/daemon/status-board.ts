import type { Delivered } from '../model/outcome.ts';
import type { BookedName, MirrorBooks } from '../pipeline/mirror.ts';
import type { MirrorReport, MirrorStateName } from '../pipeline/mirror-report.ts';
import type { TunnelStatus } from '../target/tunnel/tunnel.ts';
import type { FilterOption } from './mirror-options.ts';

/** What is known of one target. */
export interface TargetStatus {
  readonly source: string;
  readonly target: string;
  readonly rules: readonly FilterOption[];
  readonly state: MirrorStateName;
  /** Why, and what the user can do, where there is something to say. */
  readonly message?: string | undefined;
  readonly remedy?: string | undefined;
  /** Names that are not known to be delivered: that wait, that a delivery is under way for, that have failed. */
  readonly pending: number;
  readonly inFlight: number;
  readonly quarantined: number;
  /** Some of them. */
  readonly names: readonly BookedName[];
  /** The last delivery, and when it was over. */
  readonly last?: { readonly at: Date; readonly counts: Delivered['counts'] } | undefined;
}

/** What a run is doing. */
export interface RunStatus {
  readonly at: Date;
  /** False: it has ended. */
  readonly isRunning: boolean;
  readonly directories: number;
  readonly targets: readonly TargetStatus[];
  readonly tunnels: readonly TunnelStatus[];
}

/** So many names of a target are told, whatever the size of its backlog. */
const TOLD_NAMES = 100;

/** One target tells here what it is doing. */
export class StatusEntry {
  readonly #changed: () => void;
  #of: Pick<TargetStatus, 'source' | 'target' | 'rules'>;
  #state: Pick<TargetStatus, 'state' | 'message' | 'remedy'> = { state: 'collecting' };
  #books: MirrorBooks | undefined;
  #last: TargetStatus['last'];

  constructor(of: Pick<TargetStatus, 'source' | 'target' | 'rules'>, changed: () => void) {
    this.#of = of;
    this.#changed = changed;
  }

  /** Other rules count from now on. */
  follow(rules: TargetStatus['rules']): void {
    this.#of = { ...this.#of, rules };
    this.#changed();
  }

  get isIdle(): boolean {
    return this.#state.state === 'idle' || this.#state.state === 'stopped';
  }

  readonly openBooks = (books: MirrorBooks): void => {
    this.#books = books;
  };

  readonly report = (report: MirrorReport): void => {
    if (report.kind === 'state') this.is(report.state, report.message, report.remedy);
    else if (report.kind === 'delivered') this.delivered(report.outcome);
  };

  is(state: MirrorStateName, message?: string, remedy?: string): void {
    this.#state = { state, message, remedy };
    this.#changed();
  }

  delivered({ counts }: Delivered): void {
    this.#last = { at: new Date(), counts };
  }

  look(): TargetStatus {
    const counts = this.#books?.counts() ?? { pending: 0, inFlight: 0, quarantined: 0 };
    const names = this.#books?.names(TOLD_NAMES) ?? [];
    return { ...this.#of, ...this.#state, ...counts, names, last: this.#last };
  }
}

/** What all targets of a run are doing, for those who want to know. */
export class StatusBoard {
  readonly #changed: () => void;
  /** In the order in which they are told, by the keys of their plans. */
  #entries: ReadonlyMap<string, StatusEntry | undefined> = new Map();
  /** How many directories are watched now. */
  directories: () => number = () => 0;
  /** What the tunnels are doing now. */
  tunnels: () => readonly TunnelStatus[] = () => [];

  /** `changed` is called whenever the state of a target does. */
  constructor(changed: () => void = () => undefined) {
    this.#changed = changed;
  }

  /** To be called when {@link tunnels} would give something else. */
  readonly tunnelsChanged = (): void => {
    this.#changed();
  };

  get isIdle(): boolean {
    return this.#shown().every((entry) => entry.isIdle);
  }

  /** The entry of a target that is not shown yet. */
  entry(of: Pick<TargetStatus, 'source' | 'target' | 'rules'>): StatusEntry {
    return new StatusEntry(of, this.#changed);
  }

  /** The targets with these keys, in this order, and no others are shown from now on. */
  follow(keys: readonly string[]): void {
    this.#entries = new Map(keys.map((key) => [key, this.#entries.get(key)]));
    this.#changed();
  }

  /** This is the entry of the target with this key from now on. */
  show(key: string, entry: StatusEntry): void {
    this.#entries = new Map([...this.#entries, [key, entry]]);
    this.#changed();
  }

  look(isRunning = true): RunStatus {
    const targets = this.#shown().map((entry) => entry.look());
    return { at: new Date(), isRunning, directories: this.directories(), targets, tunnels: this.tunnels() };
  }

  #shown(): readonly StatusEntry[] {
    return [...this.#entries.values()].filter((entry) => entry !== undefined);
  }
}
