import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { LiveProcess } from '../support/live-process.ts';
import { until } from '../support/processes.ts';
import { endedIn, startIn } from '../support/run-in-directory.ts';
import { makeTempDir, type TempDir } from '../support/temp-dir.ts';
import { shell } from '../support/tree.ts';

const DEADLINE_MS = 90_000;

function textIn(directory: TempDir, file: string): string {
  return existsSync(directory.at(file)) ? readFileSync(directory.at(file), 'utf8') : '';
}

/** A source `in` with a file `a` and a directory `d` with a file `b`, an empty directory `out`, and the configuration. */
function makeSync(file: string, text: string): TempDir {
  const directory = makeTempDir();
  for (const name of ['in/d', 'out']) mkdirSync(directory.at(name), { recursive: true });
  shell(directory.at('in'), 'echo 1 > a; echo 2 > d/b');
  writeFileSync(directory.at(file), text);
  return directory;
}

/** Runs the configuration until what it is to do has been done, then ends it. */
async function during(
  directory: TempDir,
  file: string,
  work: (live: LiveProcess, lines: (wanted: readonly string[]) => Promise<void>) => Promise<void>,
): Promise<void> {
  const live = startIn(directory, 'run', file);
  try {
    await work(live, async (wanted) => {
      const has = (): boolean => {
        if (!live.running) throw new Error(live.output);
        const found = textIn(directory, 'told').split('\n');
        return wanted.every((line) => found.includes(line));
      };
      await until(has, `${JSON.stringify(wanted)} in what is told`, DEADLINE_MS).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${textIn(directory, 'told')}\n${live.output}`);
      });
    });
  } finally {
    expect((await live.end('SIGTERM', DEADLINE_MS)).code).toBe(143);
    expect(live.family()).toEqual([]);
  }
}

describe('layer 3, commands', () => {
  const yaml = `defaults: { delay: 0.1 }
syncs:
  - source: in
    targets:
      - kind: action
        target: out
        onCreate: echo "create ^pathname" >> told; [ -d ^sourcePathname ] || cp ^sourcePathname ^targetPathname 2>/dev/null || true
        onModify: echo modify ^pathname >> told
        onAttrib: /usr/bin/touch attrib-"^pathname"
        onDelete: echo "delete $(basename ^pathname)" >> told
        onMove: echo move ^o.pathname ^d.pathname >> told
`;

  test('of a YAML are run for each event', async () => {
    using directory = makeSync('c.yaml', yaml);
    await during(directory, 'c.yaml', async (_live, told) => {
      await told(['create a', 'create d', 'create d/b']);
      await until(() => textIn(directory, 'out/a') === '1\n', 'the copy', DEADLINE_MS);
      shell(directory.at('in'), "echo more >> a; echo 3 > 'new $(touch x)'");
      await told(['modify a', 'create new $(touch x)']);
      // Delivered behind it: what is moved while it is delivered is told as a deletion and a new name.
      shell(directory.at('in'), 'mkdir mark');
      await told(['create mark']);
      shell(directory.at('in'), 'mv a moved; chmod 700 d');
      await told(['move a moved']);
      await until(() => existsSync(directory.at('attrib-d')), 'the attrib event', DEADLINE_MS);
      shell(directory.at('in'), 'rm -r d');
      await told(['delete d']);
    });
    expect(existsSync(directory.at('x'))).toBe(false);
  });

  test('that fail quarantine their name; the others go on', async () => {
    const text = yaml.replace(
      /onCreate: .*/,
      'onCreate: echo "create ^pathname" >> told; [ ^pathname != a ]',
    );
    using directory = makeSync('c.yaml', text);
    await during(directory, 'c.yaml', async (live, told) => {
      await told(['create a', 'create d/b']);
      await until(
        () => live.output.includes('a: Command sh: exit 1 (quarantined'),
        'the quarantine',
        DEADLINE_MS,
      );
    });
  });

  test('are shown by config, and what is wrong with them by check', async () => {
    using directory = makeSync('c.yaml', yaml);
    const shown = await endedIn(directory, 'config', 'c.yaml');
    expect(shown.output).toContain('      - kind: action');
    expect(shown.output).toMatch(/onModify: echo modify \^pathname >> told +# c\.yaml:5/);
    writeFileSync(
      directory.at('w.yaml'),
      `syncs:
  - source: in
    targets:
      - kind: action
        onCreate: echo ^o.path
        onDelete: sh -c 'rm ^path'
        init: 7
      - { kind: action, target: x }
`,
    );
    const wrong = await endedIn(directory, 'check', 'w.yaml');
    expect(wrong.status).toBe(2);
    expect(wrong.output).toContain('w.yaml:7:15: syncs[0].targets[0].init: found 7; allowed: a function');
    writeFileSync(
      directory.at('w.yaml'),
      readFileSync(directory.at('w.yaml'), 'utf8').replace('        init: 7\n', ''),
    );
    const { output } = await endedIn(directory, 'check', 'w.yaml');
    expect(output.slice(output.indexOf('syncline: w.yaml')).split('\n').slice(0, 4)).toEqual([
      'syncline: w.yaml has 3 problems:',
      '  w.yaml:5:19: syncs[0].targets[0].onCreate: ^o.path is for onMove alone',
      expect.stringContaining('  w.yaml:6:19: syncs[0].targets[0].onDelete: ^path stands in single quotes'),
      expect.stringContaining('  w.yaml:7:9: syncs[0].targets[1]: nothing is done: give action'),
    ]);
  });
});

describe('layer 2, functions', () => {
  test('of a TypeScript are called for each event; one that throws is named, and the others go on', async () => {
    using directory = makeSync(
      'c.ts',
      `import { defineConfig } from 'syncline';
import { appendFileSync } from 'node:fs';
 export default defineConfig({
  defaults: { delay: 0.1 },
  syncs: [
    {
      source: 'in',
      targets: [
        {
          kind: 'action',
          target: 'out',
          onStartup: (event) => event.spawnShell('echo "startup $1 $2" >> told', event.sourcePathname, event.target),
          onCreate: async (event) => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            if (event.name === 'bad') throw new Error('bad luck');
            appendFileSync('told', \`create \${event.pathname}\\n\`);
          },
          onModify: (event) => event.spawnWithInput(\`modify \${event.path}\\n\`, 'tee', '-a', ['told']),
          onMove: ({ origin, pathname }) => appendFileSync('told', \`move \${origin?.pathname} \${pathname}\\n\`),
          onDelete: 'echo delete ^pathname >> told',
        },
      ],
    },
    { source: 'in', targets: [{ kind: 'action', onCreate: 'echo other ^pathname >> told' }] },
  ],
});
`,
    );
    await during(directory, 'c.ts', async (live, told) => {
      await told([`startup ${directory.at('in')} out`, 'other d/b']);
      shell(directory.at('in'), 'echo x > bad; echo x > good');
      await told(['create good', 'other bad', 'other good']);
      const line =
        /target=out: bad: action failed: onCreate: bad luck \(.*c\.ts:\d+:\d+\) \(quarantined|bad: action failed: onCreate: bad luck/;
      await until(() => line.test(live.output), 'the name of the function in the log', DEADLINE_MS);
      shell(directory.at('in'), 'echo more >> good; mv a b');
      await told(['modify good', 'move a b']);
      shell(directory.at('in'), 'rm b');
      await told(['delete b']);
    });
  });

  test('that loop are ended and stop their target alone, until a reload', async () => {
    using directory = makeSync(
      'c.ts',
      `export default {
  defaults: { delay: 0.1, initial: false },
  syncs: [
    { source: 'in', targets: [{ kind: 'action', target: 'one', onCreate: () => { for (;;); } }] },
    { source: 'in', targets: [{ kind: 'action', onCreate: 'echo other ^pathname >> told' }] },
  ],
};
`,
    );
    await during(directory, 'c.ts', async (live, told) => {
      await until(() => live.output.includes('watching'), 'the watch', DEADLINE_MS);
      shell(directory.at('in'), 'echo 1 > x');
      await until(
        () => live.output.includes('stopped: onCreate has not let go of its thread for 10 s'),
        'the end of the loop',
        DEADLINE_MS,
      );
      shell(directory.at('in'), 'echo 1 > y');
      await told(['other x', 'other y']);
    });
  });

  test('may end the program', async () => {
    using directory = makeSync(
      'c.mjs',
      `export default { syncs: [{ source: 'in', targets: [{ kind: 'action', onStartup: (event) => event.terminate(7) }] }] };`,
    );
    const { status, output } = await endedIn(directory, 'run', 'c.mjs');
    expect(output).toContain('an action ends the program with 7');
    expect(status).toBe(7);
  });
});

describe('layer 1, the whole action', () => {
  test('takes all events of a batch for one child, judges its end and goes on', async () => {
    using directory = makeSync(
      'c.ts',
      `import { defineConfig, type SyncInlet } from 'syncline';
let ends = 0;
const action = (inlet: SyncInlet) => {
  const first = inlet.getEvent();
  if (first?.etype === 'Blanket') {
    first.spawnShell('echo blanket >> told');
    return;
  }
  const list = inlet.getEvents((event) => (event.etype === 'Blanket' ? 'break' : true));
  const lines = list.events.map((event) => \`\${event.etype} \${event.pathname}\\n\`);
  inlet.createBlanketEvent();
  list.spawnWithInput(lines.join(''), 'sh', '-c', 'cat >> told; [ ! -e fail ]');
};
 export default defineConfig({
  defaults: { delay: 0.1 },
  syncs: [
    {
      source: 'in',
      targets: [
        {
          kind: 'action',
          init: (event, inlet) => inlet.discardEvent(event),
          action,
          collect: (agent, exitCode) => {
            ends++;
            if (agent.isList) console.error(\`end \${ends} of \${agent.size} with \${exitCode}\`);
            return exitCode === 0 ? 'ok' : 'again';
          },
        },
      ],
    },
  ],
});
`,
    );
    await during(directory, 'c.ts', async (live, told) => {
      await until(() => live.output.includes('first sync delivered'), 'the first sync', DEADLINE_MS);
      writeFileSync(directory.at('fail'), '');
      shell(directory.at('in'), 'mkdir e; echo 1 > e/f; rm a');
      await told(['Delete a', 'Create e', 'Create e/f']);
      await until(
        () => live.output.includes('failed: Command sh: exit 1, to be done again'),
        'the failure',
        DEADLINE_MS,
      );
      shell(directory.path, 'rm fail');
      await until(() => /end \d+ of 3 with 0/.test(live.output), 'the second attempt', DEADLINE_MS);
      await told(['blanket']);
    });
  });

  test('with keys of single events beside it is refused', async () => {
    using directory = makeSync(
      'c.mjs',
      `export default { syncs: [{ source: 'in', targets: [
        { kind: 'action', action: () => undefined, onCreate: 'true' },
        { kind: 'action', onCreate: 'true', init: () => undefined },
        { kind: 'action', action: 'true' },
      ] }] };`,
    );
    const { output } = await endedIn(directory, 'check', 'c.mjs');
    expect(output).toContain('syncs[0].targets[2].action: found "true"; allowed: a function');
  });
});
