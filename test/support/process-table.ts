import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One process that is alive, zombies left out. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  /** `R`, `S`, `D`, `T` (stopped), ... */
  readonly state: string;
  /** Of the program, without its directory; cut by the system. */
  readonly program: string;
  readonly arguments: string;
  /** As far as the system shows it; ps(1) tells both as one text. */
  readonly environment: string;
}

/** All processes of the machine: by proc(5), elsewhere by ps(1), which hides the environment of Apple's own programs. */
export function processTable(): readonly ListedProcess[] {
  return process.platform === 'linux' ? listProc() : listByPs();
}

/** Undefined when it has ended. */
export function listedProcess(pid: number): ListedProcess | undefined {
  return process.platform === 'linux'
    ? readProc(String(pid))
    : listByPs().find((listed) => listed.pid === pid);
}

function listProc(): readonly ListedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProc(name) ?? []);
}

function readProc(name: string): ListedProcess | undefined {
  const stat = readOrEmpty(`/proc/${name}/stat`);
  // The name in parentheses may hold anything.
  const [, program, state = 'Z', parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat) ?? [];
  if (program === undefined || state === 'Z') return undefined;
  return {
    pid: Number(name),
    parent: Number(parent),
    state,
    program,
    arguments: readOrEmpty(`/proc/${name}/cmdline`),
    environment: readOrEmpty(`/proc/${name}/environ`),
  };
}

function listByPs(): readonly ListedProcess[] {
  const ps = (...words: readonly string[]): readonly string[] =>
    execFileSync('ps', ['-A', '-ww', ...words], { encoding: 'latin1', maxBuffer: 2 ** 26 }).split('\n');
  const programs = new Map(
    ps('-o', 'pid=,ucomm=').map((line) => {
      const [pid, ...program] = line.trim().split(/\s+/);
      return [Number(pid), program.join(' ')];
    }),
  );
  return ps('-E', '-o', 'pid=,ppid=,stat=,command=').flatMap((line) => {
    const [, pid, parent, state = '', words = ''] = /^\s*(\d+)\s+(\d+)\s+(\S)\S*\s+(.*)$/s.exec(line) ?? [];
    if (pid === undefined || state === 'Z') return [];
    const program = programs.get(Number(pid)) ?? '';
    return [
      { pid: Number(pid), parent: Number(parent), state, program, arguments: words, environment: words },
    ];
  });
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
