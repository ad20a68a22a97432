import type { PathProblem } from '../../model/outcome.ts';
import { displayPath } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { DeliveryEvent } from '../target.ts';
import { judgeRun } from './exit-policy.ts';
import type { JudgedTarget, RunFindings, Verdict } from './exit-policy.ts';
import { lstatIfThere } from './lstat-if-there.ts';
import { parseErrorLine, parseOutputLine, resolveReported, withoutTemporaryName } from './parse-output.ts';
import type { ErrorLine } from './parse-output.ts';
import { runProcess } from './run-process.ts';
import type { ProcessRequest } from './run-process.ts';

/** What stays the same for all rsync runs of a target. */
export interface RunSetup extends JudgedTarget {
  /** Absolute, without a trailing slash. */
  readonly source: PathBytes;
  /** How absolute paths in messages of either side may begin: as binary strings without a trailing slash. */
  readonly reportedRoots: readonly string[];
}

/** One finished run: what was done, what was not, and what to make of it. */
export interface RunReport {
  readonly verdict: Verdict;
  readonly updated: number;
  readonly deleted: number;
  readonly bytes: number;
  /** Counted with `--stats` only. */
  readonly sourceNames: number;
  /** Counted with `-ii` only. */
  readonly unchangedFiles: number;
  readonly problems: ReadonlyMap<PathBytes, PathProblem>;
  readonly recheck: ReadonlySet<PathBytes>;
  /** Names the sender could not read, which made rsync leave out deletions elsewhere. */
  readonly unreadable: ReadonlySet<PathBytes>;
  readonly deletionsSkipped: boolean;
  readonly rootCreated: boolean;
  /** Attributes the target does not take from us; not a failure of the path. One line each. */
  readonly refusals: ReadonlySet<string>;
}

const PROGRESS_INTERVAL_MS = 100;
const KEPT_MESSAGES = 40;
const ENOENT = 2;
const ENOTDIR = 20;
const ELOOP = 40;
const EROFS = 30;
const ENODATA = 61;
/** So many names of a run are remembered, to see whether anything of it was written. */
const REMEMBERED_NAMES = 1000;
const REFUSED_ATTRIBUTE_ERRNOS: ReadonlySet<number> = new Set([1, 22, 95]);

/** Runs one rsync and reads all it says. Never rejects for what rsync does. */
export async function runRsync(
  setup: RunSetup,
  process: Omit<ProcessRequest, 'onOutput' | 'onError' | 'input'> & { readonly input?: Iterable<Buffer> },
  report: (event: DeliveryEvent) => void,
): Promise<RunReport> {
  const { program, arguments: words, input: list } = process;
  const { first, all } = withFirst(list);
  report({ kind: 'command', program, arguments: words, ...(first && { input: first }) });
  const reader = new RunReader(setup, report);
  const end = await runProcess({
    ...process,
    ...(all && { input: all }),
    onOutput: reader.readOutput,
    onError: reader.readError,
  });
  const verdict = judgeRun(end, reader.findings(), setup);
  if (verdict.kind === 'doneBySay') report({ kind: 'notice', message: verdict.notice });
  return reader.finish(verdict);
}

/** The first part of a list, and a list that begins with it: what was given may be read only once. */
function withFirst(list: Iterable<Buffer> | undefined): {
  readonly first?: Buffer;
  readonly all?: Iterable<Buffer>;
} {
  if (list === undefined) return {};
  const parts = list[Symbol.iterator]();
  const part = parts.next();
  if (part.done === true) return { all: [] };
  const first = part.value;
  const all = (function* () {
    yield first;
    for (let next = parts.next(); next.done !== true; next = parts.next()) yield next.value;
  })();
  return { first, all };
}

/** The report of a run that was not made. */
export function emptyReport(verdict: Verdict): RunReport {
  return {
    verdict,
    updated: 0,
    deleted: 0,
    bytes: 0,
    sourceNames: 0,
    unchangedFiles: 0,
    problems: new Map(),
    recheck: new Set(),
    unreadable: new Set(),
    deletionsSkipped: false,
    rootCreated: false,
    refusals: new Set(),
  };
}

class RunReader {
  readonly #setup: RunSetup;
  readonly #report: (event: DeliveryEvent) => void;
  readonly #problems = new Map<PathBytes, PathProblem>();
  readonly #recheck = new Set<PathBytes>();
  readonly #unreadable = new Set<PathBytes>();
  readonly #refusals = new Set<string>();
  readonly #messages: string[] = [];
  /** The first names that rsync said to update; it says so before it tries. */
  readonly #tried: PathBytes[] = [];
  readonly #readOnly = new Set<PathBytes>();
  #updated = 0;
  #deleted = 0;
  #bytes = 0;
  #sourceNames = 0;
  #unchangedFiles = 0;
  #deletionsSkipped = false;
  #rootCreated = false;
  #hasUnknownPath = false;
  #progressAt = 0;

  constructor(setup: RunSetup, report: (event: DeliveryEvent) => void) {
    this.#setup = setup;
    this.#report = report;
  }

  readonly readOutput = (text: string): void => {
    const line = parseOutputLine(text);
    switch (line?.kind) {
      case 'updated':
        this.#updated++;
        if (this.#tried.length < REMEMBERED_NAMES) this.#tried.push(line.path);
        this.#bytes += line.bytes;
        this.#report(line);
        break;
      case 'deleted':
        this.#deleted++;
        this.#report({ ...line, bytes: 0 });
        break;
      case 'directoryTime':
        this.#report(line);
        break;
      case 'progress': {
        const isLast = line.entriesDone === line.entriesTotal;
        const now = performance.now();
        if (!isLast && now - this.#progressAt < PROGRESS_INTERVAL_MS) break;
        this.#progressAt = now;
        this.#report(line);
        break;
      }
      case 'sourceNames':
        this.#sourceNames = line.count;
        break;
      case 'unchanged':
        this.#unchangedFiles++;
        break;
      case 'deletionsSkipped':
        this.#deletionsSkipped = true;
        break;
      case 'rootCreated':
        this.#rootCreated = true;
        break;
      case undefined:
        break;
    }
  };

  readonly readError = (text: string): void => {
    const line = parseErrorLine(text);
    switch (line.kind) {
      case 'path':
        this.#addPathError(line);
        this.#keepMessage(text);
        break;
      case 'vanished': {
        const path = this.#resolve(line.path);
        if (path === undefined) this.#hasUnknownPath = true;
        else this.#recheck.add(path);
        break;
      }
      case 'other':
        this.#keepMessage(line.text);
        break;
    }
  };

  findings(): RunFindings {
    const namedPaths = this.#problems.size + this.#recheck.size + this.#refusals.size;
    return {
      namedPaths,
      hasUnknownPath: this.#hasUnknownPath,
      isReadOnly: this.#isReadOnly(),
      messages: this.#messages,
    };
  }

  #isReadOnly(): boolean {
    const isAll = this.#readOnly.size > 0 && this.#readOnly.size === this.#problems.size;
    if (!isAll || this.#deleted > 0 || this.#updated > this.#tried.length) return false;
    return this.#tried.every((path) => this.#readOnly.has(path));
  }

  finish(verdict: Verdict): RunReport {
    return {
      verdict,
      updated: this.#updated,
      deleted: this.#deleted,
      bytes: this.#bytes,
      sourceNames: this.#sourceNames,
      unchangedFiles: this.#unchangedFiles,
      problems: verdict.kind === 'doneBySay' ? new Map() : this.#problems,
      recheck: this.#recheck,
      unreadable: this.#unreadable,
      deletionsSkipped: this.#deletionsSkipped,
      rootCreated: this.#rootCreated,
      refusals: this.#refusals,
    };
  }

  #addPathError(line: Extract<ErrorLine, { kind: 'path' }>): void {
    const path = this.#resolve(line.path);
    const message = `${line.operation}: ${line.reason}`;
    if (path === undefined) {
      this.#hasUnknownPath = true;
      return;
    }
    if (line.role === 'sender') {
      if ([ENOENT, ENOTDIR, ELOOP, ENODATA].includes(line.errno) && path !== '') {
        this.#recheck.add(path);
        return;
      }
      this.#unreadable.add(path);
    } else if (isRefusedAttribute(line.operation, line.errno, path)) {
      this.#refusals.add(`${displayPath(path) || 'The target directory itself'}: ${message}`);
      return;
    }
    if (this.#problems.has(path)) return;
    this.#problems.set(path, { path, message });
    if (line.role !== 'sender' && line.errno === EROFS) this.#readOnly.add(path);
  }

  #resolve(reported: string): PathBytes | undefined {
    const path = resolveReported(reported, this.#setup.reportedRoots, (name) => this.#exists(name));
    if (path === undefined || path === '' || this.#exists(path)) return path;
    const real = withoutTemporaryName(path);
    return real !== path && this.#exists(real) ? real : path;
  }

  #exists(path: PathBytes): boolean {
    return lstatIfThere(`${this.#setup.source}/${path}` as PathBytes) !== undefined;
  }

  #keepMessage(text: string): void {
    this.#messages.push(text);
    if (this.#messages.length > KEPT_MESSAGES) this.#messages.splice(KEPT_MESSAGES / 2, 1);
  }
}

/**
 * Owner and group that the file system or our rights do not allow (vfat, a group we are not in), and everything about
 * the target directory itself where it is not ours: the content is there, and trying again will not change it.
 */
function isRefusedAttribute(operation: string, errno: number, path: PathBytes): boolean {
  if (!REFUSED_ATTRIBUTE_ERRNOS.has(errno)) return false;
  return (
    /^(?:chown|chgrp|set owner|set group)/.test(operation) ||
    (path === '' && /^(?:set (?:times|permissions)|chmod)/.test(operation))
  );
}
