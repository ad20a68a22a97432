import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { projectRoot } from './project-root.ts';

/**
 * System calls that Node does not offer, made by a small C program that is compiled (with `cc`) on first use. Every call
 * throws an Error with what the system said when it fails. Paths are absolute.
 */
export const systemCalls = {
  /** renameat2 with RENAME_EXCHANGE, on macOS renameatx_np with RENAME_SWAP: swaps two entries of any kind in one step. */
  exchange(first: PathBytes, second: PathBytes): void {
    call('exchange', first, second);
  },
  /** truncate(2) by path: no open, hence no close event. (`fs.truncate` opens the file.) */
  truncate(path: PathBytes, sizeBytes: number): void {
    call('truncate', path, String(sizeBytes));
  },
  /** Sets the modification time to the nanosecond, of a symlink itself too. (`fs.utimes` rounds.) */
  setModifiedTime(path: PathBytes, mtimeNs: bigint): void {
    call('times', path, String(mtimeNs / 1_000_000_000n), String(mtimeNs % 1_000_000_000n));
  },
  makeFifo(path: PathBytes): void {
    call('fifo', path);
  },
};

function call(...fields: readonly string[]): void {
  const input = Buffer.from(fields.map((field) => `${field}\0`).join(''), 'latin1');
  const { status, stderr, error } = spawnSync(programPath(), { input });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${fields[0] ?? ''}: exit ${status ?? 'by signal'}: ${stderr.toString().trim()}`);
}

let compiledPath: string | undefined;

function programPath(): string {
  compiledPath ??= compile();
  return compiledPath;
}

/** Compiles into `.cache/`; the rename makes it safe for two processes at a time. */
function compile(): string {
  const root = projectRoot;
  const source = `${root}/test/support/system-calls.c`;
  const program = `${root}/.cache/system-calls`;
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(`${root}/.cache`, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', unfinished, source], { stdio: 'inherit' });
  renameSync(unfinished, program);
  return program;
}
