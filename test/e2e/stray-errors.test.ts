import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LiveConfig } from '../support/live-config.ts';

/** A configuration that writes all of its files, with this done for the file `bad`. */
function configOf(bad: string, above = ''): string {
  return `import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
${above}
const config = {
  log: { format: 'json' },
  pidFile: 'pid',
  statusFile: 'status',
  syncs: [
    {
      source: 's',
      delay: 0,
      targets: [
        't',
        {
          kind: 'action',
          onCreate: (event) => {
            if (event.name !== 'bad') return;
            ${bad};
          },
        },
      ],
    },
  ],
};
void [spawn, existsSync];
export { config as default };
`;
}

async function startWith(bad: string, above = ''): Promise<LiveConfig> {
  const live = new LiveConfig(configOf(bad, above), ['s'], 'echo 1 > a', [], {}, 'c.ts');
  await live.until(() => live.logged(/^first sync delivered/).length === 2, 'both first syncs');
  return live;
}

describe.concurrent('what a configuration throws where nobody waits for it', () => {
  test.each([
    [
      "void Promise.reject(new Error('x1'))",
      /^a promise that nobody waits for was rejected: x1 \(.*c\.ts:18:/,
    ],
    ["void Promise.reject('x2')", /^a promise that nobody waits for was rejected: x2$/],
    [
      "setTimeout(() => { throw new Error('x3') }, 1)",
      /^an exception was thrown outside of every handler, .*: x3 \(.*c\.ts:18:/,
    ],
  ])('is logged, and the mirror goes on: %s', async (bad, line) => {
    await using live = await startWith(bad);
    live.change('s', 'echo 2 > bad');
    await live.until(() => live.logged(line).length === 1, 'the line');
    live.change('s', 'echo 3 > later');
    await live.untilEqual('s', 't');
    expect(await live.end()).toEqual({ code: 143, signal: null });
    expect(existsSync(live.directory.at('pid'))).toBe(false);
  });

  test('and is of no file of the user, in the main thread, ends the program in order, with 1', async () => {
    await using live = await startWith(
      '',
      `import { isMainThread } from 'node:worker_threads';
const waiting = setInterval(() => {
  if (!isMainThread || !existsSync('s/bad')) return;
  clearInterval(waiting);
  spawn('/no/such/program');
}, 20);`,
    );
    live.change('s', 'echo 2 > bad');
    await live.until(
      () => live.logged(/fault of the program itself: .*ENOENT/).length === 1 || !live.process.running,
      'the line',
    );
    expect(await live.process.end('SIGCONT', 90_000)).toEqual({ code: 1, signal: null });
    expect(live.logged(/fault of the program itself: .*ENOENT/)).toHaveLength(1);
    expect(existsSync(live.directory.at('pid'))).toBe(false);
    expect(JSON.parse(readFileSync(live.directory.at('status'), 'utf8'))).toMatchObject({ running: false });
    expect(live.process.family()).toEqual([]);
  });
});
