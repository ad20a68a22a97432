import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { LiveProcess } from './live-process.ts';
import { until } from './processes.ts';
import { projectRoot } from './project-root.ts';
import type { TempDir } from './temp-dir.ts';
import { makeTempDir } from './temp-dir.ts';
import { shell } from './tree.ts';

/** The command that is `lsyncd`. */
export const LSYNCD: readonly string[] = [process.execPath, `${projectRoot}/dist/lsyncd.js`];

/** `lsyncd -nodaemon` as a child, with a directory of its own that holds `source` and `copy`. */
export class LsyncdMirror implements AsyncDisposable {
  readonly directory: TempDir = makeTempDir();
  readonly source = this.directory.at('source');
  readonly copy = this.directory.at('copy');
  readonly process: LiveProcess;

  /** `args` gives the command line behind `-nodaemon`; `before` is a bash script run in the source. */
  constructor(args: (mirror: LsyncdMirror) => readonly string[], before = 'true') {
    mkdirSync(this.source);
    shell(this.source, before);
    this.process = new LiveProcess([...LSYNCD, '-nodaemon', ...args(this)]);
  }

  get output(): string {
    return this.process.output;
  }

  /** Runs a bash script in the source. */
  change(script: string): void {
    shell(this.source, script);
  }

  /** What is in a file of the copy; undefined where there is none. */
  copied(name: string): string | undefined {
    const path = `${this.copy}/${name}`;
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  /** Waits for a condition; fails at the deadline, and when the program ends before. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const isDone = (): boolean => {
      const { running } = this.process;
      if (condition()) return true;
      if (!running) throw new Error(`ended before: ${what}`);
      return false;
    };
    await until(isDone, what).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.output.slice(-5000)}`, { cause: error });
    });
  }

  untilLogged(line: RegExp): Promise<void> {
    return this.until(() => line.test(this.output), `the line ${line.source}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.running) await this.process.end('SIGKILL', 0).catch(() => undefined);
    this.process.killFamily();
    await until(() => this.process.family().length === 0, 'the end of all children');
    this.directory[Symbol.dispose]();
  }
}
