import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type GroupWork, groupWork } from './group-work.ts';
import { LineReader } from './line-reader.ts';
import { endProcessGroup } from './process-group.ts';

/** One child to run to its end. */
export interface ProcessRequest {
  /** A command that becomes `program`, as `nice` does; none if not given. */
  readonly launcher?: readonly string[];
  readonly program: string;
  readonly arguments: readonly string[];
  /**
   * The whole environment of the child; `LC_ALL=C` is set on top, so that messages can be read and names are escaped,
   * unless `keepsLocale`.
   */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly keepsLocale?: boolean;
  /** Written to stdin, which is then closed (it is empty if not given); a child that stops reading is no error. Must not throw. */
  readonly input?: Iterable<Buffer> | AsyncIterable<Buffer>;
  /** Lines as binary strings (one character a byte) without their end; a `\r` ends a line too. */
  readonly onOutput: (line: string) => void;
  readonly onError: (line: string) => void;
  /**
   * Without output, CPU time, bytes read or more than a few written by the process group for so long, the child is taken
   * as hung and ended; 0: never.
   */
  readonly idleTimeoutMs: number;
  /** Between TERM and KILL. */
  readonly graceMs?: number;
  /** Whether the child opens files that may turn into fifos, and is to be ended when it hangs in one; true if not given. */
  readonly meetsFifos?: boolean;
  /** What the child leaves in its process group when it ends is ended too; else only when it was killed. */
  readonly leavesNothing?: boolean;
  readonly signal: AbortSignal;
  /** File descriptors given to the child from 3 on. */
  readonly descriptors?: readonly number[];
}

/** How a child ended. `exited` alone says that it ran its course; anything else is a failure whatever it did before. */
export type ProcessEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: string }
  /** Ended by us. */
  | { readonly kind: 'aborted' }
  | { readonly kind: 'hung'; readonly idleMs: number }
  /** It had opened a fifo to which nobody writes, and was ended. */
  | { readonly kind: 'waitingForFifo' }
  /** `reason`: for people. */
  | { readonly kind: 'notStarted'; readonly errorCode: string; readonly reason: string };

/** After the child itself is gone, how long a descendant may keep its output open. */
const DRAIN_MS = 2000;
/**
 * rsync writes a few bytes twice in its time-out to keep the connection alive, and takes their way into a socket's buffer
 * for a sign of life: what hangs on the other side, it would wait for for ever.
 */
const KEEPALIVE_BYTES = 100;
const MAX_WATCH_STEP_MS = 60_000;
const FIFO_STEP_MS = 500;
/** Where the kernel lets open(2) of a fifo sleep, as /proc/PID/wchan names it (fs/pipe.c). */
const FIFO_WAIT = 'wait_for_partner';

/**
 * Runs a child in its own process group and settles when it and its output have ended; never rejects for what the child
 * does. When the request is aborted or the child hangs, the whole group (rsync's receiver, ssh) gets TERM, then KILL.
 * If this process itself dies by KILL, a child ends only if its launcher sees to it: rsync alone goes on until its next line
 * of output finds no reader. It leaves no file half written (it renames complete files into place).
 */
export async function runProcess(request: ProcessRequest): Promise<ProcessEnd> {
  if (request.signal.aborted) return { kind: 'aborted' };
  const started = start(request);
  if (!(started instanceof ChildHandle)) return started;
  return started.end();
}

function start(request: ProcessRequest): ChildHandle | ProcessEnd {
  try {
    return new ChildHandle(request);
  } catch (error) {
    return notStarted(error);
  }
}

function notStarted(error: unknown): ProcessEnd {
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
  const isNul = code === 'ERR_INVALID_ARG_VALUE' && message.includes('null bytes');
  const reason = isNul ? 'an argument holds a NUL byte' : (REASONS[code] ?? message);
  return { kind: 'notStarted', errorCode: code, reason };
}

/** Of execve(2). */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'it is not executable',
  E2BIG: 'its arguments are too long',
  ENOEXEC: 'it is not a program',
};

class ChildHandle {
  readonly #request: ProcessRequest;
  readonly #child: ChildProcess;
  readonly #ended: Promise<ProcessEnd>;
  #reason: ProcessEnd | undefined;
  #stopping: Promise<void> | undefined;
  #activityAt = performance.now();

  constructor(request: ProcessRequest) {
    this.#request = request;
    const [program = '', ...words] = [...(request.launcher ?? []), request.program, ...request.arguments];
    this.#child = spawn(program, words, {
      env: { ...request.environment, ...(request.keepsLocale === true ? {} : { LC_ALL: 'C' }) },
      stdio: [request.input ? 'pipe' : 'ignore', 'pipe', 'pipe', ...(request.descriptors ?? [])],
      detached: true,
    });
    this.#ended = this.#waitForEnd();
  }

  async end(): Promise<ProcessEnd> {
    const abort = (): void => {
      void this.#stop({ kind: 'aborted' });
    };
    this.#request.signal.addEventListener('abort', abort);
    const watchdog = new AbortController();
    const watching = Promise.all([this.#watch(watchdog.signal), this.#watchForFifo(watchdog.signal)]);
    this.#feed();
    try {
      const end = await this.#ended;
      // A leader that was killed may leave members of its group behind.
      if (end.kind === 'killed' || (this.#request.leavesNothing === true && end.kind === 'exited'))
        void this.#stop(end);
      await this.#stopping;
      return end.kind === 'notStarted' ? end : (this.#reason ?? end);
    } finally {
      this.#request.signal.removeEventListener('abort', abort);
      watchdog.abort();
      await watching;
    }
  }

  #waitForEnd(): Promise<ProcessEnd> {
    const child = this.#child;
    const { onOutput, onError, launcher, program } = this.#request;
    // The launcher is ours: nobody knows it by its name.
    const failure =
      launcher?.[0] === undefined ? undefined : `${launcher[0]}: failed to execute ${program}: `;
    const told = (line: string): void => {
      if (failure === undefined || !line.startsWith(failure)) onError(line);
      else
        onError(
          `${program}: ${line.endsWith('No such file or directory') ? 'not found' : line.slice(failure.length)}`,
        );
    };
    const lines = [new LineReader(onOutput), new LineReader(told)] as const;
    [child.stdout, child.stderr].forEach((stream, index) => {
      stream?.on('data', (chunk: Buffer) => {
        this.#activityAt = performance.now();
        lines[index]?.push(chunk);
      });
    });
    return new Promise((settle) => {
      let end: ProcessEnd | undefined;
      let drained: NodeJS.Timeout | undefined;
      child.once('error', (error) => {
        settle(notStarted(error));
      });
      child.once('exit', (code, signal) => {
        end = signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'killed', signal };
        // A descendant that keeps the pipe open (a shared ssh connection) must not hold up the end.
        drained = setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, DRAIN_MS);
      });
      child.once('close', () => {
        clearTimeout(drained);
        for (const reader of lines) reader.end();
        if (end) settle(end);
      });
    });
  }

  #feed(): void {
    const { stdin } = this.#child;
    const { input } = this.#request;
    if (!stdin || !input) return;
    // EPIPE: the child ended or does not want to read on; its exit code tells why.
    pipeline(Readable.from(input), stdin).catch(() => undefined);
  }

  /** Ends the child when nothing moved for `idleTimeoutMs`. Work of the group without output counts as movement. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { idleTimeoutMs } = this.#request;
    if (idleTimeoutMs === 0) return;
    let work: GroupWork = { received: -1, written: 0 };
    for (;;) {
      const idleMs = performance.now() - this.#activityAt;
      if (idleMs >= idleTimeoutMs) return void this.#stop({ kind: 'hung', idleMs: Math.round(idleMs) });
      try {
        await pause(
          Math.max(10, Math.min(idleTimeoutMs / 4, idleTimeoutMs - idleMs, MAX_WATCH_STEP_MS)),
          undefined,
          {
            signal,
            ref: false,
          },
        );
      } catch {
        return;
      }
      const workNow = await groupWork(this.#child.pid ?? 0);
      if (workNow.received !== work.received || workNow.written - work.written > KEEPALIVE_BYTES) {
        work = workNow;
        this.#activityAt = performance.now();
      }
    }
  }

  /**
   * A file that has become a fifo since it was listed blocks rsync in open(2) for good, where no time-out of its own
   * reaches it. Where the kernel hides wchan only `idleTimeoutMs` helps.
   */
  async #watchForFifo(signal: AbortSignal): Promise<void> {
    if (this.#request.meetsFifos === false) return;
    for (let seen = 0; seen < 2;) {
      try {
        await pause(FIFO_STEP_MS, undefined, { signal, ref: false });
      } catch {
        return;
      }
      const where = await readFile(`/proc/${this.#child.pid ?? 0}/wchan`, 'latin1').catch(() => '');
      seen = where === FIFO_WAIT ? seen + 1 : 0;
    }
    void this.#stop({ kind: 'waitingForFifo' });
  }

  #stop(reason: ProcessEnd): Promise<void> {
    this.#reason ??= reason;
    this.#stopping ??= this.#endGroup();
    return this.#stopping;
  }

  async #endGroup(): Promise<void> {
    const group = this.#child.pid;
    if (group !== undefined) await endProcessGroup(group, this.#request.graceMs);
  }
}
