import { mkdirSync, renameSync, statSync, writeFileSync, readdirSync } from 'node:fs';
import { pathFromText } from '../../src/model/path-bytes.ts';
import { compareTrees } from './compare-trees.ts';
import { LIVE_DEADLINE_MS, LiveProcess, type LogLine, type ProcessExit } from './live-process.ts';
import { projectRoot } from './project-root.ts';
import { makeTempDir, type TempDir } from './temp-dir.ts';
import { shell } from './tree.ts';

/** `syncline run` as a child, with a configuration that a test changes. */
export class LiveConfig implements AsyncDisposable {
  readonly directory: TempDir = makeTempDir();
  readonly process: LiveProcess;

  readonly #file: string;

  /** `sources` are directories to make, each filled by `before`, a bash script; `files` are programs or texts beside them. */
  constructor(
    config: string,
    sources: readonly string[],
    before: string,
    options: readonly string[] = [],
    files: Readonly<Record<string, string>> = {},
    file = 'c.yaml',
  ) {
    this.#file = file;
    for (const [name, text] of Object.entries(files))
      writeFileSync(this.directory.at(name), text, { mode: 0o755 });
    for (const source of sources) {
      mkdirSync(this.directory.at(source), { recursive: true });
      shell(this.directory.at(source), before);
    }
    this.write(config);
    const inDirectory = ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', this.directory.path];
    this.process = new LiveProcess([
      ...inDirectory,
      process.execPath,
      `${projectRoot}/dist/cli.js`,
      'run',
      file,
      '--log-format',
      'json',
      ...options,
    ]);
  }

  /** Starts it and waits until so many targets have had their first sync. */
  static async inSync(
    config: string,
    sources: readonly string[],
    before: string,
    targetCount: number,
    options: readonly string[] = [],
  ): Promise<LiveConfig> {
    const live = new LiveConfig(config, sources, before, options);
    try {
      await live.until(() => live.logged(/^first sync delivered/).length === targetCount, 'all first syncs');
      return live;
    } catch (error) {
      await live[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Writes the configuration, as editors do: under another name, which then takes the place. */
  write(config: string, file = this.#file): void {
    writeFileSync(this.directory.at(`${file}.new`), config);
    renameSync(this.directory.at(`${file}.new`), this.directory.at(file));
  }

  hangUp(): void {
    process.kill(this.process.pid, 'SIGHUP');
  }

  /** Writes the configuration, hangs up, and gives what was told once all of it is done. */
  async reload(config: string): Promise<readonly string[]> {
    const before = this.told.length;
    this.write(config);
    this.hangUp();
    await this.until(() => this.told.length > before, 'a line about the reload');
    // Reloads are made one after the other, and this one finds nothing to do.
    this.hangUp();
    const lines = (): readonly string[] => this.toldSince(before);
    await this.until(
      () => lines().length > 1 && lines().at(-1) === 'nothing changed',
      'the end of the reload',
    );
    return lines().slice(0, -1);
  }

  /** What was told of reloads behind the first `count` lines; names of files without the directory. */
  toldSince(count: number): readonly string[] {
    return this.told
      .slice(count)
      .map(({ msg }) =>
        msg.replaceAll(`${this.directory.path}/`, '').replace('configuration reloaded: ', ''),
      );
  }

  /** The same for a configuration that is refused with so many lines. */
  async refused(config: string, lineCount: number): Promise<readonly string[]> {
    const before = this.told.length;
    this.write(config);
    this.hangUp();
    await this.until(() => this.told.length >= before + lineCount, 'what is wrong');
    return this.told
      .slice(before)
      .map(({ level, msg }) => `${level} ${msg.replaceAll(`${this.directory.path}/`, '')}`);
  }

  /** The lines about reloads. */
  get told(): readonly LogLine[] {
    return this.logged(/^configuration (not )?reloaded: /);
  }

  get log(): readonly LogLine[] {
    return this.process.log;
  }

  logged(message: RegExp): readonly LogLine[] {
    return this.log.filter(({ msg }) => message.test(msg));
  }

  /** Deliveries of all kinds. */
  get deliveries(): readonly LogLine[] {
    return this.logged(/^(first sync|batch \d+) delivered/);
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return this.process.until(condition, what);
  }

  async untilEqual(source: string, copy: string): Promise<void> {
    await this.until(() => this.differences(source, copy).length === 0, `equal ${source} and ${copy}`);
  }

  differences(source: string, copy: string): readonly string[] {
    try {
      return compareTrees(pathFromText(this.directory.at(source)), pathFromText(this.directory.at(copy)));
    } catch (error) {
      return [String(error)];
    }
  }

  /** Every file of a tree with its inode and the time of its last change of any kind. */
  inodes(tree: string): Readonly<Record<string, string>> {
    return Object.fromEntries(
      readdirSync(this.directory.at(tree), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => {
          const { ino, ctimeNs } = statSync(`${parentPath}/${name}`, { bigint: true });
          return [`${parentPath}/${name}`, `${ino} ${ctimeNs}`];
        }),
    );
  }

  change(source: string, script: string): void {
    shell(this.directory.at(source), script);
  }

  end(signal: NodeJS.Signals = 'SIGTERM'): Promise<ProcessExit> {
    return this.process.end(signal, LIVE_DEADLINE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    this.directory[Symbol.dispose]();
  }
}
