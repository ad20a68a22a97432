import pc from 'picocolors';
import { loadAddon } from '../addon/load-addon.ts';
import { parseRules } from '../filter/parse-rules.ts';
import { rsyncFilter } from '../filter/rsync-filter.ts';
import type { Batch } from '../model/batch.ts';
import type { Outcome } from '../model/outcome.ts';
import { displayPath, pathFromText, type PathBytes, pathToBuffer, ROOT_PATH } from '../model/path-bytes.ts';
import { SynclineError } from '../model/syncline-error.ts';
import { directoryIdentity } from '../target/local-target.ts';
import { parseTarget } from '../target/parse-target.ts';
import { differingParts } from '../target/rsync/itemized-change.ts';
import { SshMasters } from '../target/ssh/ssh-masters.ts';
import { Tunnels } from '../target/tunnel/tunnels.ts';
import type { DeliveryEvent, Target } from '../target/target.ts';
import { createTarget, type TargetSource } from './create-target.ts';
import { endOnSignals } from './end-on-signals.ts';
import { jsonPath } from './json-path.ts';
import { createLog, wantsColours } from './log.ts';
import { type ProgramIo, signalExitStatus } from './program-io.ts';
import type { VerifyOptions } from './verify-options.ts';

const EVERYTHING: Batch = {
  number: 1,
  reason: 'startup',
  moves: [],
  entries: [],
  subtrees: [ROOT_PATH],
  contentSubtrees: [],
};

const ALL_CONTENT: Batch = { ...EVERYTHING, subtrees: [], contentSubtrees: [ROOT_PATH] };

/** A name that is not the same on both sides, or of which that could not be found out. */
interface Difference {
  readonly kind: 'missing' | 'extra' | 'differs' | 'unknown';
  readonly path: PathBytes;
  /** What differs, or why it is not known. */
  readonly what: readonly string[];
}

/**
 * Compares the target with the source and prints every difference as it is found; with `repair` delivers them and looks
 * again. Resolves with 0 when both are equal (in the end), 1 when they are not or that could not be found out, 128 + n
 * for signal n. Throws a SynclineError for what can be known to be wrong before anything is touched.
 */
export async function runVerify(options: VerifyOptions, io: ProgramIo): Promise<number> {
  const log = createLog(
    io.stderr,
    { level: 'warn', format: 'pretty' },
    wantsColours(io.stderr, io.environment),
  );
  const addon = loadAddon();
  const source = pathFromText(options.sourcePath);
  const rules = parseRules(options.filterArguments, addon);
  const rsyncRules = rsyncFilter(rules);
  const ending = endOnSignals(io, log, 'ending');
  const finish = ending.finish$.subscribe(() => {
    ending.now();
  });
  const print = createPrinter(options.json, io);

  const shared: TargetSource = {
    source,
    sourceIdentity: directoryIdentity(pathToBuffer(source)),
    rules,
    filterArguments: rsyncRules.arguments,
    addon,
    environment: io.environment,
    masters: new SshMasters(),
    tunnels: new Tunnels(() => undefined),
    slots: undefined,
  };
  let direct = options.direct;

  /** One pass over everything; `found` gets the differences. */
  const pass = async (dryRun: boolean, found: (difference: Difference) => void): Promise<Outcome> => {
    const report = (event: DeliveryEvent): void => {
      const difference = differenceIn(event);
      if (difference !== undefined) found(difference);
    };
    const context = { signal: ending.abort, report };
    const choices = {
      ...options,
      deletePolicy: 'yes',
      maxDelete: undefined,
      dryRun,
      allowEmptySource: dryRun,
      makeTargetParents: false,
      maxProcesses: 1,
      largeFileBytes: undefined,
      fuzzy: false,
    } as const;
    const create = (): Target =>
      createTarget({ kind: direct ? 'direct' : 'rsync', target: options.target }, choices, shared);
    let target = create();
    try {
      try {
        await target.prepare(context);
      } catch (error) {
        if (direct || !lacksRsync(error) || !isForEngine(options)) throw error;
        await target.close();
        direct = true;
        target = create();
        await target.prepare(context);
      }
      return await target.deliver(direct && options.checksum ? ALL_CONTENT : EVERYTHING, context);
    } finally {
      await target.close();
    }
  };
  /** Compares and prints; the number of differences, undefined when it could not be done. */
  const compare = async (): Promise<number | undefined> => {
    let differences = 0;
    const found = (difference: Difference): void => {
      differences++;
      print.difference(difference);
    };
    const outcome = await pass(true, found);
    if (outcome.kind === 'failed') {
      log.error(outcome.message, { remedy: outcome.remedy });
      return undefined;
    }
    for (const { path, message } of outcome.problems) found({ kind: 'unknown', path, what: [message] });
    for (const path of outcome.recheck)
      found({ kind: 'unknown', path, what: ['it changed while it was read'] });
    return differences;
  };

  try {
    let differences = await compare();
    if (differences !== undefined && differences > 0 && options.repair) {
      print.note(`${count(differences)}; repairing`);
      const outcome = await pass(false, () => undefined);
      const hindrance = outcome.kind === 'failed' ? outcome : outcome.held;
      if (hindrance !== undefined) log.error(hindrance.message, { remedy: hindrance.remedy });
      differences = await compare();
    }
    const signal = ending.signal();
    if (signal !== undefined) return signalExitStatus(signal);
    if (differences !== undefined) print.note(count(differences));
    return differences === 0 ? 0 : 1;
  } finally {
    finish.unsubscribe();
    ending.close();
    rsyncRules.close();
  }
}

function lacksRsync(error: unknown): boolean {
  return error instanceof SynclineError && error.code === 'RSYNC_MISSING';
}

/** Whether the file engine can do without rsync what was asked for. */
function isForEngine({ target, rsyncOptions, deletesExcluded }: VerifyOptions): boolean {
  return rsyncOptions.length === 0 && !deletesExcluded && parseTarget(target).kind === 'local';
}

function differenceIn(event: DeliveryEvent): Difference | undefined {
  switch (event.kind) {
    case 'updated': {
      const parts = event.change === undefined ? [] : differingParts(event.change);
      if (parts === 'missing') return { kind: 'missing', path: event.path, what: [] };
      return { kind: 'differs', path: event.path, what: parts };
    }
    case 'directoryTime':
      return { kind: 'differs', path: event.path, what: ['time'] };
    case 'deleted':
      return { kind: 'extra', path: event.path, what: [] };
    case 'moved':
    case 'progress':
    case 'command':
    case 'output':
    case 'notice':
      return undefined;
  }
}

function count(differences: number): string {
  return differences === 0 ? 'equal' : `${differences} ${differences === 1 ? 'difference' : 'differences'}`;
}

interface Printer {
  readonly difference: (difference: Difference) => void;
  /** For people only. */
  readonly note: (text: string) => void;
}

function createPrinter(json: boolean, io: ProgramIo): Printer {
  if (json) {
    return {
      difference: ({ kind, path, what }) => {
        io.stdout.write(`${JSON.stringify({ kind, ...jsonPath('path', path), what })}\n`);
      },
      note: () => undefined,
    };
  }
  const paint = pc.createColors(wantsColours(io.stdout, io.environment));
  const colour = { missing: paint.red, extra: paint.yellow, differs: paint.cyan, unknown: paint.magenta };
  return {
    difference: ({ kind, path, what }) => {
      const details = what.length === 0 ? '' : ` ${paint.dim(`[${what.join(', ')}]`)}`;
      io.stdout.write(`${colour[kind](kind.padEnd(7))} ${path === '' ? '.' : displayPath(path)}${details}\n`);
    },
    note: (text) => {
      io.stdout.write(`${text}\n`);
    },
  };
}
