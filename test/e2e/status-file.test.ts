import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LsyncdMirror } from '../support/lsyncd-mirror.ts';
import { SynclineProgram } from '../support/syncline-program.ts';
import { makeTempDir } from '../support/temp-dir.ts';

interface Status {
  readonly pid: number;
  readonly running: boolean;
  readonly watchedDirectories: number;
  readonly targets: readonly {
    readonly state: string;
    readonly pending: number;
    readonly names: readonly { readonly path: string; readonly hints: readonly string[] }[];
    readonly lastDelivery?: { readonly updated: number };
  }[];
}

test('syncline run keeps its log, its pid file and its status where the configuration says', async () => {
  using directory = makeTempDir();
  mkdirSync(directory.at('source'));
  writeFileSync(directory.at('source', 'a'), 'one');
  const config = `log: { file: log }
pidFile: pid
statusFile: status.json
statusInterval: 0.05
syncs: [{ source: source, targets: [copy], delay: 600, maxDelay: 900 }]
`;
  writeFileSync(directory.at('syncline.config.yaml'), config);
  const status = (): Status => JSON.parse(readFileSync(directory.at('status.json'), 'utf8')) as Status;
  const program = new SynclineProgram(['run', directory.at('syncline.config.yaml')]);
  await program.until(
    () => existsSync(directory.at('status.json')) && status().targets[0]?.state === 'idle',
    'a status that is idle',
  );
  expect(status()).toMatchObject({
    pid: program.pid,
    running: true,
    watchedDirectories: 1,
    targets: [{ source: directory.at('source'), pending: 0, names: [], lastDelivery: { updated: 2 } }],
  });
  expect(readFileSync(directory.at('pid'), 'utf8')).toBe(`${program.pid}\n`);
  writeFileSync(directory.at('source', 'b'), 'two');
  await program.until(() => (status().targets[0]?.pending ?? 0) > 0, 'a status with what waits');
  expect(status().targets[0]).toMatchObject({
    state: 'collecting',
    pending: 1,
    names: [{ path: 'b', state: 'waiting' }],
  });
  program.kill('SIGTERM');
  expect(await program.end()).toBe(143);
  expect(status()).toMatchObject({ running: false, targets: [{ pending: 0 }] });
  expect(readFileSync(directory.at('copy', 'b'), 'utf8')).toBe('two');
  expect(existsSync(directory.at('pid'))).toBe(false);
  expect(program.stdout).toBe('');
  expect(readFileSync(directory.at('log'), 'utf8')).toMatch(/info {2}SIGTERM/);
});

test("lsyncd keeps its status in Lsyncd's format, up to date at rest too", async () => {
  await using mirror = new LsyncdMirror(({ directory, source, copy }) => {
    const config = `settings{ nodaemon = true, statusFile = [[${directory.at('status')}]], statusInterval = 1 }
sync{ default.rsync, source = [[${source}]], target = [[${copy}]], delay = 600, exclude = { '*.o' } }
`;
    writeFileSync(directory.at('conf'), config);
    return [directory.at('conf')];
  }, 'mkdir d');
  const status = (): string => {
    const path = mirror.directory.at('status');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  await mirror.until(
    () => /There are 0 delays\n(.|\n)*watching 2 directories/.test(status()),
    'nothing is due',
  );
  mirror.change('echo 1 > a; echo 1 > d/b; rm -f none');
  await mirror.until(() => status().includes('There are 2 delays'), 'two names are due');
  expect(status()).toMatch(
    /^Lsyncd status report at [A-Z].*\n\nSync1 source=.*\/source\/\nThere are 2 delays\n/,
  );
  expect(status().match(/^wait {3}Create \/(a|d\/b)$/gm)).toHaveLength(2);
  expect(status()).toMatch(/\nFiltering:\n- \*\.o\n\n\nInotify watching 2 directories\n$/);
});
