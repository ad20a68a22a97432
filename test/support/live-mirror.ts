import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from './compare-trees.ts';
import type { LogLine, ProcessExit } from './live-process.ts';
import { LIVE_DEADLINE_MS, LiveProcess } from './live-process.ts';
import { projectRoot } from './project-root.ts';
import type { TempDir } from './temp-dir.ts';
import { makeTempDir } from './temp-dir.ts';
import { shell } from './tree.ts';

export interface LiveMirrorOptions {
  /** Options before SRC and TARGET; `--delay 0.2 --log-format json` comes before them. */
  readonly options?: readonly string[];
  /** A bash script run in the source before the start. */
  readonly before?: string;
  /** TARGET for the directory `copy`; that directory itself if not given. */
  readonly targetFor?: (copy: string) => string;
  /** No TARGET, for commands that need none. */
  readonly withoutTarget?: boolean;
  /** HOST before TARGET, for `--rsyncssh`. */
  readonly host?: string;
  /** A command to run the program with, as in `setpriv --reuid=1000`. */
  readonly runWith?: readonly string[];
  /** Where `source` and `copy` are; not removed at the end. One of its own, removed, if not given. */
  readonly directory?: TempDir;
}

/** `syncline mirror` as a child with a source and a target directory of its own, `source` and `copy`. */
export class LiveMirror implements AsyncDisposable {
  readonly directory: TempDir;
  readonly source: string;
  readonly copy: string;
  readonly process: LiveProcess;
  readonly #ownsDirectory: boolean;

  constructor(options: LiveMirrorOptions = {}) {
    this.directory = options.directory ?? makeTempDir();
    this.#ownsDirectory = options.directory === undefined;
    this.source = this.directory.at('source');
    this.copy = this.directory.at('copy');
    mkdirSync(this.source, { recursive: true });
    if (options.before !== undefined) shell(this.source, options.before);
    this.process = new LiveProcess([
      ...(options.runWith ?? []),
      ...[process.execPath, `${projectRoot}/dist/cli.js`, 'mirror'],
      ...['--delay', '0.2', '--log-format', 'json', ...(options.options ?? [])],
      ...[this.source, ...(options.host === undefined ? [] : [options.host])],
      ...(options.withoutTarget === true ? [] : [options.targetFor?.(this.copy) ?? this.copy]),
    ]);
  }

  /** Starts a mirror and waits for the end of its first sync. */
  static async inSync(options: LiveMirrorOptions = {}): Promise<LiveMirror> {
    const mirror = new LiveMirror(options);
    try {
      await mirror.untilLogged(/^first sync delivered/);
      return mirror;
    } catch (error) {
      await mirror[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The lines so far that are JSON; what is not (an error of the system's) stays in `process.output`. */
  get log(): readonly LogLine[] {
    return this.process.log;
  }

  logged(message: RegExp): readonly LogLine[] {
    return this.log.filter(({ msg }) => message.test(msg));
  }

  /** Deliveries after the first sync. */
  get deliveries(): number {
    return this.logged(/^batch \d+ delivered/).length;
  }

  /** Waits for the line and gives the first one. */
  async untilLogged(message: RegExp): Promise<LogLine> {
    let line: LogLine | undefined;
    await this.until(() => {
      [line] = this.logged(message);
      return line !== undefined;
    }, `the line ${message.source}`);
    if (line === undefined) throw new Error('until ended without the line');
    return line;
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return this.process.until(condition, what);
  }

  /** Waits until both trees are equal, the roots' own times included; `copy` is that of another target. */
  async untilEqual(copy = this.copy): Promise<void> {
    let differences: readonly string[] = [];
    const isEqual = (): boolean => {
      differences = this.differences(copy);
      return differences.length === 0;
    };
    try {
      await this.until(isEqual, 'equal trees');
    } catch (error) {
      throw new Error(`${differences.join('\n')}\n${String(error)}`, { cause: error });
    }
  }

  differences(copy = this.copy): readonly string[] {
    return compareTrees(pathFromText(this.source), pathFromText(copy));
  }

  /** Names of rsync's temporary files in a directory of the target: what is being received there now. */
  temporary(directory = ''): readonly string[] {
    const path = `${this.copy}/${directory}`;
    if (!existsSync(path)) return [];
    return readdirSync(path).filter((name) => /^\..+\.[A-Za-z0-9]{6}$/.test(name));
  }

  /** Runs a bash script in the source. */
  change(script: string): void {
    shell(this.source, script);
  }

  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessExit> {
    return this.process.end(signal, LIVE_DEADLINE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    if (this.#ownsDirectory) this.directory[Symbol.dispose]();
  }
}
