import { mkdirSync } from 'node:fs';
import type { Batch, DeletedName, Move } from '../../src/model/batch.ts';
import type { Outcome } from '../../src/model/outcome.ts';
import { pathFromText } from '../../src/model/path-bytes.ts';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import type { ActionTargetOptions } from '../../src/target/action/action-options.ts';
import type { ActionEvent, ActionHost, ActionScript } from '../../src/target/action/action-script.ts';
import { createActionTarget } from '../../src/target/action/action-target.ts';
import type { DeliveryEvent, Target } from '../../src/target/target.ts';
import { makeTempDir } from './temp-dir.ts';
import type { TempDir } from './temp-dir.ts';

export interface ActionDelivery {
  /** Path and hints. */
  readonly entries?: readonly (readonly [path: string, hints: number])[];
  readonly subtrees?: readonly string[];
  readonly moves?: readonly Move[];
  readonly deletedNames?: readonly DeletedName[];
  readonly reason?: Batch['reason'];
  readonly signal?: AbortSignal;
}

/** A source and an action target with a script. */
export interface ActionMirror extends AsyncDisposable {
  readonly directory: TempDir;
  readonly source: string;
  readonly target: Target;
  readonly reported: readonly DeliveryEvent[];
  /** Of the script, from its `start` on. */
  readonly host: ActionHost;
  readonly deliver: (delivery: ActionDelivery) => Promise<Outcome>;
}

export type ActionMirrorOptions = Partial<Omit<ActionTargetOptions, 'source' | 'script'>> & {
  readonly directory?: TempDir;
};

export async function makeActionMirror(
  script: ActionScript,
  options: ActionMirrorOptions = {},
): Promise<ActionMirror> {
  const { directory = makeTempDir(), ...rest } = options;
  const source = directory.at('source');
  mkdirSync(source, { recursive: true });
  const parts: { host?: ActionHost } = {};
  const target = createActionTarget({
    name: 'action',
    source: pathFromText(source),
    tells: ['create', 'modify', 'attrib', 'delete', 'move'],
    environment: process.env,
    timeoutSeconds: 60,
    compileExcludes: (patterns) => (path) => patterns.includes(path),
    script: {
      ...script,
      start: (host, inlet) => {
        parts.host = host;
        script.start?.(host, inlet);
      },
    },
    ...rest,
  });
  const reported: DeliveryEvent[] = [];
  const report = (event: DeliveryEvent): void => {
    reported.push(event);
  };
  await target.prepare({ signal: new AbortController().signal, report });
  const { host } = parts;
  if (host === undefined) throw new Error('the script was not started');
  let number = 0;
  return {
    directory,
    source,
    target,
    reported,
    host,
    deliver: ({ entries = [], subtrees = [], moves = [], deletedNames = [], reason = 'live', signal }) =>
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
          deletedNames,
        },
        { signal: signal ?? new AbortController().signal, report },
      ),
    [Symbol.asyncDispose]: async () => {
      await target.close();
      directory[Symbol.dispose]();
    },
  };
}

/** `Create a/b`; of a move `Move a to b`. */
export function eventText({ etype, path, to }: ActionEvent): string {
  return to === undefined ? `${etype} ${path}` : `${etype} ${path} to ${to}`;
}
