import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { makeDirectory } from './bench-directory.ts';
import type { Contestant } from './contestants.ts';
import { startWatching } from './contestants.ts';
import { nativeProgram, runNative } from './native-program.ts';
import type { Message, Subject } from './subject.ts';

const execute = promisify(execFile);

export interface StormOptions {
  readonly directories: number;
  readonly files: number;
  /** Told to the contestant when the storm begins. */
  readonly command?: string;
  readonly mode?: string;
  readonly deadlineMs?: number;
}

export interface StormResult {
  /** What the contestant said at the end, or undefined when it never saw the end of the storm. */
  readonly result: Message | undefined;
  readonly writerSeconds: number;
}

/** Lets one C process make `files` files at full speed below a fresh root that the contestant watches. */
export async function eventStorm(
  contestant: Contestant,
  directory: string,
  options: StormOptions,
): Promise<StormResult> {
  const root = makeDirectory(directory, 'storm');
  runNative('storm', root, 'create', options.directories, 0, 0);
  const subject = startWatching(contestant, root, directory, options.mode);
  try {
    await subject.ready();
    if (options.command !== undefined) subject.send(options.command);
    const parameters = [root, 'create', options.directories, options.files, 0].map(String);
    const { stdout } = await execute(nativeProgram('storm'), parameters);
    const { wallSeconds } = JSON.parse(stdout) as { wallSeconds: number };
    return { result: await resultOf(subject, options.deadlineMs), writerSeconds: wallSeconds };
  } finally {
    await subject.end();
    rmSync(root, { recursive: true });
  }
}

async function resultOf(subject: Subject, deadlineMs = 60_000): Promise<Message | undefined> {
  try {
    return await subject.message('result', deadlineMs);
  } catch (error) {
    console.log(`  ${String(error).slice(0, 300)}`);
    return undefined;
  }
}
