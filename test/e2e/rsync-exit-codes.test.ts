import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveConfig } from '../support/live-config.ts';

/** rsync, which ends with the code that is in the file `code`, if there is one, and has done nothing then. */
const program = `#!/bin/sh
case " $* " in *' --version '*) exec rsync "$@" ;; esac
code=$(cat code 2> /dev/null) || exec rsync "$@"
echo run >> runs
echo 'rsync: [receiver] mkstemp "/t/.x" failed: Strange (99)' >&2
exit "$code"
`;

const config = (exitCodes: string): string =>
  `syncs:\n  - { source: s, targets: [a, { kind: direct, target: b }], delay: 0.1, rsync: { program: ./rsync }, exitCodes: ${exitCodes} }\n`;

/** Both targets have had their first sync; from now on each run of rsync ends with `code`. */
async function failing(exitCodes: string, code: number): Promise<LiveConfig> {
  const live = new LiveConfig(config(exitCodes), ['s'], 'echo 1 > f', [], { rsync: program });
  await live.until(() => live.logged(/^first sync delivered/).length === 2, 'both first syncs');
  writeFileSync(live.directory.at('code'), String(code));
  return live;
}

/** A line for each run that was made to fail. */
function runs(live: LiveConfig): string {
  return copied(live, 'runs') ? readFileSync(live.directory.at('runs'), 'utf8') : '';
}

function copied(live: LiveConfig, name: string): boolean {
  return existsSync(live.directory.at(name));
}

describe.concurrent('an exit code of rsync', () => {
  test('that means ok ends the matter, and the log says so', async () => {
    await using live = await failing('{ ok: [99] }', 99);
    live.change('s', 'mkdir new');
    await live.until(() => live.logged(/counts as delivered by exitCodes/).length > 0, 'the notice');
    await live.until(() => live.logged(/^batch \d+ delivered/).length >= 2, 'both deliveries');
    expect(runs(live)).toBe('run\n');
    expect(live.logged(/^(quarantined|retry|failed)/)).toEqual([]);
  });

  test('that nothing was said of leaves nothing delivered', async () => {
    await using live = await failing('{ ok: [98] }', 99);
    live.change('s', 'echo new > new');
    await live.until(() => runs(live).length > 'run\n'.length, 'another attempt');
    expect(copied(live, 'a/new')).toBe(false);
    rmSync(live.directory.at('code'));
    await live.untilEqual('s', 'a');
  });

  test('that means die stops this target alone', async () => {
    await using live = await failing('{ die: [12] }', 12);
    live.change('s', 'echo new > new');
    await live.until(() => live.logged(/^stopped|cannot work/).length > 0, 'the end of the target');
    await live.until(() => copied(live, 'b/new'), 'the other target');
    live.change('s', 'echo more > more');
    await live.until(() => copied(live, 'b/more'), 'one more delivery there');
    expect(runs(live)).toBe('run\n');
  });

  test('that means again is tried again, where it would have stopped a new target', async () => {
    const again = `syncs: [{ source: s, targets: [a], rsync: { program: ./rsync }, exitCodes: { again: [1] } }]`;
    await using live = new LiveConfig(again, ['s'], 'echo 1 > f', [], { rsync: program, code: '1' });
    await live.until(() => runs(live).length > 'run\n'.length, 'another attempt');
    rmSync(live.directory.at('code'));
    await live.untilEqual('s', 'a');
  });
});
