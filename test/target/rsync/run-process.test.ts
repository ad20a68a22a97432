import { describe, expect, test } from 'vitest';
import { findLauncher } from '../../../src/target/rsync/launcher.ts';
import { LineReader } from '../../../src/target/rsync/line-reader.ts';
import { runProcess } from '../../../src/target/rsync/run-process.ts';
import { makeTempDir } from '../../support/temp-dir.ts';
import type { ProcessEnd, ProcessRequest } from '../../../src/target/rsync/run-process.ts';

async function runShell(
  script: string,
  changed: Partial<ProcessRequest> = {},
): Promise<{ end: ProcessEnd; output: string[]; errors: string[] }> {
  const output: string[] = [];
  const errors: string[] = [];
  const end = await runProcess({
    program: 'sh',
    arguments: ['-c', script],
    environment: process.env,
    onOutput: (line) => output.push(line),
    onError: (line) => errors.push(line),
    idleTimeoutMs: 60_000,
    signal: new AbortController().signal,
    ...changed,
  });
  return { end, output, errors };
}

describe('a child', () => {
  test('says how it ended and what it printed, byte for byte', async () => {
    const { end, output, errors } = await runShell(
      String.raw`printf 'a\377\r\nb\n\nlast'; echo $LC_ALL >&2; exit 3`,
    );
    expect(end).toEqual({ kind: 'exited', code: 3 });
    expect(output).toEqual(['a\xff', 'b', 'last']);
    expect(errors).toEqual(['C']);
  });

  test('that a signal killed did not exit', async () => {
    expect((await runShell('kill -9 $$')).end).toEqual({ kind: 'killed', signal: 'SIGKILL' });
  });

  test('that does not read all its input is no error', async () => {
    const input = function* (): Generator<Buffer> {
      for (let i = 0; i < 64; i++) yield Buffer.alloc(64 * 1024);
    };
    expect((await runShell('exit 0', { input: input() })).end).toEqual({ kind: 'exited', code: 0 });
    const all = await runShell('wc -c', { input: input() });
    expect(all.output.map(Number)).toEqual([64 * 64 * 1024]);
  });

  test('that waits for somebody to write to a fifo is ended', async () => {
    using directory = makeTempDir();
    const script = 'mkfifo "$0" && exec cat "$0"';
    const { end } = await runShell(script, { arguments: ['-c', script, directory.at('fifo')] });
    expect(end).toEqual({ kind: 'waitingForFifo' });
  });

  test.runIf(process.platform === 'linux')(
    'that is not there is told of by its own name, not by that of our launcher',
    async () => {
      const launcher = await findLauncher(process.env);
      expect(launcher).not.toEqual([]);
      const { end, errors } = await runShell('', { launcher, program: 'no-such-program' });
      expect(end).toEqual({ kind: 'exited', code: 127 });
      expect(errors).toEqual(['no-such-program: not found']);
    },
  );

  test('with a NUL in an argument says so', async () => {
    const { end } = await runShell('echo \0');
    expect(end).toMatchObject({ kind: 'notStarted', reason: 'an argument holds a NUL byte' });
  });

  test('that cannot be started says why', async () => {
    const { end } = await runShell('', { program: '/nowhere/sh' });
    expect(end).toMatchObject({
      kind: 'notStarted',
      errorCode: 'ENOENT',
      reason: 'there is no such program',
    });
  });

  test('that ignores TERM is killed, with its children', async () => {
    const abort = new AbortController();
    const lines: string[] = [];
    const { end } = await runShell('trap "" TERM; sleep 1000 & echo $!; echo started; wait', {
      signal: abort.signal,
      graceMs: 50,
      onOutput: (line) => {
        lines.push(line);
        if (line === 'started') abort.abort();
      },
    });
    expect(end).toEqual({ kind: 'aborted' });
    expect(() => process.kill(Number(lines[0]), 0)).toThrow('ESRCH');
  });

  test('that is asked for after the end is not started', async () => {
    expect((await runShell('echo 1', { signal: AbortSignal.abort() })).end).toEqual({ kind: 'aborted' });
  });

  test('that does nothing is taken as hung', async () => {
    const { end } = await runShell('sleep 1000', { idleTimeoutMs: 200 });
    expect(end).toMatchObject({ kind: 'hung' });
  });
});

test('lines are bounded and cut at either end of line', () => {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  reader.push(Buffer.from('on'));
  reader.push(Buffer.from('e\rtwo\n\nthr'));
  reader.push(Buffer.alloc(1_000_000, 'e'));
  reader.end();
  expect(lines.slice(0, 2)).toEqual(['one', 'two']);
  expect(lines[2]).toHaveLength(64 * 1024);
});
