import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import type { Batch, Move } from '../../src/model/batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { pathFromText, ROOT_PATH } from '../../src/model/path-bytes.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import { EVENT_WORDS, MOVE_WORDS, parseWord } from '../../src/target/command/command-line.ts';
import type { CommandLine } from '../../src/target/command/command-line.ts';
import type {
  CommandEventKind,
  CommandMode,
  CommandTargetOptions,
} from '../../src/target/command/command-options.ts';
import { createCommandTarget } from '../../src/target/command/command-target.ts';
import type { DeliveryEvent, Target } from '../../src/target/target.ts';
import { makeTempDir } from './temp-dir.ts';
import type { TempDir } from './temp-dir.ts';

export interface CommandDelivery {
  /** Path and hints. */
  readonly entries?: readonly (readonly [path: string, hints: number])[];
  readonly subtrees?: readonly string[];
  readonly moves?: readonly Move[];
  readonly reason?: Batch['reason'];
  readonly signal?: AbortSignal;
}

/** A source, a directory `copy` and a command target between them. */
export interface CommandMirror extends AsyncDisposable {
  readonly directory: TempDir;
  readonly source: string;
  readonly copy: string;
  readonly target: Target;
  readonly events: readonly DeliveryEvent[];
  readonly deliver: (delivery: CommandDelivery) => Promise<Outcome>;
  /** What {@link recorder} was told, one array a run, bytes as latin1. */
  readonly told: () => readonly (readonly string[])[];
}

export type CommandMirrorOptions = Partial<Omit<CommandTargetOptions, 'source' | 'mode'>> & {
  readonly directory?: TempDir;
  readonly mode?: CommandMode;
  readonly sourceName?: Buffer;
};

/** Appends its arguments to the file `told`: how many, then each, a NUL behind each. */
const RECORD = `printf '%s\\0' "$#" "$@" >> "$0"`;

export function recorder(directory: TempDir, ...words: readonly string[]): CommandLine {
  return program('bash', '-c', RECORD, directory.at('told'), ...words);
}

/** A program and its arguments, with `{path}` and the like in them. */
export function program(...words: readonly string[]): CommandLine {
  return { kind: 'program', words: words.map(parseWord) };
}

/** The same command for each of these kinds. */
export function onEvent(line: CommandLine, ...kinds: readonly CommandEventKind[]): CommandMode {
  const commands = Object.fromEntries(kinds.map((kind) => [kind, line]));
  return { kind: 'event', commands: commands };
}

export const USUAL: readonly CommandEventKind[] = ['create', 'modify', 'attrib', 'delete'];

export async function makeCommandMirror(options: CommandMirrorOptions = {}): Promise<CommandMirror> {
  const { directory = makeTempDir(), mode, sourceName = Buffer.from('source'), ...rest } = options;
  const source = directory.at('source');
  const copy = directory.at('copy');
  mkdirSync(source, { recursive: true });
  mkdirSync(copy, { recursive: true });
  const target = createCommandTarget({
    source: `${pathFromText(directory.path)}/${sourceName.toString('latin1')}` as PathBytes,
    target: copy,
    environment: process.env,
    timeoutSeconds: 60,
    mode: mode ?? onEvent(recorder(directory, '{event}', '{pathname}'), ...USUAL),
    ...rest,
  });
  const events: DeliveryEvent[] = [];
  const report = (event: DeliveryEvent): void => {
    events.push(event);
  };
  await target.prepare({ signal: new AbortController().signal, report });
  let number = 0;
  return {
    directory,
    source,
    copy,
    target,
    events,
    deliver: ({ entries = [], subtrees = [], moves = [], reason = 'live', signal }) =>
      target.deliver(
        {
          number: ++number,
          reason,
          moves,
          entries: entries
            .map(([path, hints]) => ({ path: path as PathBytes, hints }))
            .sort((a, b) => (a.path < b.path ? -1 : 1)),
          subtrees: subtrees as readonly PathBytes[],
          contentSubtrees: [],
        },
        { signal: signal ?? new AbortController().signal, report },
      ),
    told: () => runsIn(directory.at('told')),
    [Symbol.asyncDispose]: async () => {
      await target.close();
      directory[Symbol.dispose]();
    },
  };
}

/** The whole tree, as the first sync asks for it. */
export const FIRST_SYNC: CommandDelivery = { subtrees: [ROOT_PATH], reason: 'startup' };

function runsIn(file: string): string[][] {
  const fields = existsSync(file) ? readFileSync(file, 'latin1').split('\0').slice(0, -1) : [];
  const runs: string[][] = [];
  for (let at = 0; at < fields.length; at += 1 + Number(fields[at]))
    runs.push(fields.slice(at + 1, at + 1 + Number(fields[at])));
  return runs;
}

/**
 * A shell text that does to TARGET what it is told: for the tests, and word for word what docs/commands.md shows. The
 * directory that holds a name gets its time back, which the change of the name has moved.
 */
export const COPY_SCRIPT = `
# What a symlink in TARGET leads to is not ours: nothing is changed or deleted there.
for name in "$3" "$5"; do
  while name=\${name%/*}; [ \${#name} -gt \${#SYNCLINE_TARGET} ]; do
    if [ -L "$name" ]; then [ "$1" = delete ]; exit; fi
  done
done
case $1 in
  delete) rm -rf -- "$3" ;;
  move) mkdir -p -- "\${3%/*}" && mv -T -- "$5" "$3" ;;
  *)
    if [ -d "$2" ] && [ ! -L "$2" ]; then
      [ -d "$3" ] && [ ! -L "$3" ] || { rm -rf -- "$3" && mkdir -- "$3"; } || exit
      chmod --reference="$2" -- "$3" && touch --reference="$2" -- "$3"
    else
      if [ -d "$3" ] && [ ! -L "$3" ]; then rm -rf -- "$3"; fi
      cp -a -T --remove-destination -- "$2" "$3"
    fi ;;
esac || exit
if [ -d "\${3%/*}" ]; then touch --reference="\${2%/*}" -- "\${3%/*}" || exit; fi
# So does the one that a name was moved out of, if that is there still.
if [ "$1" = move ] && [ -d "\${4%/*}" ] && [ -d "\${5%/*}" ]; then touch --reference="\${4%/*}" -- "\${5%/*}"; fi`;

/** {@link COPY_SCRIPT} as one command for all events it understands. */
export const COPY: CommandLine = { kind: 'shell', text: COPY_SCRIPT, parameters: EVENT_WORDS };
export const COPY_MOVE: CommandLine = { kind: 'shell', text: COPY_SCRIPT, parameters: MOVE_WORDS };

/** A text for bash that reads a list of events and does with each what {@link COPY_SCRIPT} does. */
export const COPY_LIST_SCRIPT = `
export LC_ALL=C
while IFS= read -r -d '' event && IFS= read -r -d '' path; do
  from=$SYNCLINE_SOURCE/$path to=$SYNCLINE_TARGET/$path
  # Gone meanwhile: its deletion is on the way.
  [ "$event" = delete ] || [ -e "$from" ] || [ -L "$from" ] || continue
  ( set -- "$event" "$from" "$to"
    ${COPY_SCRIPT} ) || failed=1
done
exit \${failed:-0}`;

/** Options of a mirror that tells {@link COPY_LIST_SCRIPT} each batch. */
export const COPY_LISTS = [
  '--list',
  'events',
  '--on-batch',
  JSON.stringify(['bash', '-c', COPY_LIST_SCRIPT]),
] as const;
