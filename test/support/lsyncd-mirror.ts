import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { LiveProcess } from './live-process.ts';
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

  until(condition: () => boolean, what: string, deadlineMs?: number): Promise<void> {
    return this.process.until(condition, what, deadlineMs);
  }

  untilLogged(line: RegExp): Promise<void> {
    return this.until(() => line.test(this.output), `the line ${line.source}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    this.directory[Symbol.dispose]();
  }
}
