import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { LSYNCD, LsyncdMirror } from '../support/lsyncd-mirror.ts';
import { startSshd } from '../support/sshd.ts';
import { torture } from '../support/torture.ts';

/* Presets of which a configuration changes a part: the rest is done by their functions in Lua. */

vi.setConfig({ testTimeout: 240_000, maxConcurrency: 2 });

/** Random activity against a Lua configuration; what it says of the place comes from the caller. */
async function churn(
  seed: number,
  config: (source: string, target: string) => string,
  more: { readonly operations?: number; readonly without?: readonly string[] } = {},
): Promise<string> {
  const directory = mkdtempSync(`${tmpdir()}/lsyncd-presets-`);
  try {
    const report = await torture({
      seed,
      deadlineMs: 90_000,
      ...more,
      mirror: (source, target) => {
        writeFileSync(`${directory}/c.lua`, config(source, target));
        return [...LSYNCD, '-nodaemon', `${directory}/c.lua`];
      },
    });
    const told = `seed ${report.seed}; the last it said:\n${report.output.slice(-3000)}`;
    expect(report.differences, told).toEqual([]);
    expect(report.harm, told).toEqual([]);
    expect(report.endedEarly, told).toBe(false);
    expect(report.exit, told).toEqual({ code: 143, signal: null });
    expect(report.survivors, told).toEqual([]);
    return report.output;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const OWN = `init = function(event) log('Normal', 'own init') default[PRESET].init(event) end,
  action = function(inlet)
    log('Normal', 'own action')
    return default[PRESET].action(inlet)
  end`;

describe('random activity ends in equal trees where a part is changed', () => {
  test.concurrent.each([11, 12])('of default.rsync, seed %i', async (seed) => {
    const output = await churn(
      seed,
      (source, target) =>
        `PRESET = 'rsync' sync{ default.rsync, source = [[${source}]], target = [[${target}]], delay = 1,
          rsync = { archive = true }, ${OWN} }`,
    );
    expect(output).toContain('Normal: own init');
    expect(output).toContain('Normal: own action');
  });

  test.concurrent('of default.rsync with moves told as moves, seed 13', async () => {
    await churn(
      13,
      (source, target) =>
        `PRESET = 'rsync' sync{ default.rsync, source = [[${source}]], target = [[${target}]], delay = 1, onMove = true,
          rsync = { archive = true }, ${OWN} }`,
    );
  });

  test.concurrent('of default.direct, seed 11', async () => {
    await churn(
      11,
      (source, target) =>
        `PRESET = 'direct' sync{ default.direct, source = [[${source}]], target = [[${target}]], ${OWN} }`,
    );
  });

  test('of default.rsyncssh, seed 11', async () => {
    await using sshd = await startSshd();
    const options = sshd.sshArguments.map((word) => `[[${word}]]`).join(', ');
    await churn(
      11,
      (source, target) =>
        `PRESET = 'rsyncssh' sync{ default.rsyncssh, source = [[${source}]], host = '${sshd.host}', targetdir = [[${target}]],
          delay = 1, rsync = { archive = true },
          ssh = { port = ${sshd.port}, identityFile = [[${sshd.identity}]], _extra = { ${options} } }, ${OWN} }`,
      { operations: 200 },
    );
  });
});

test('what changes within the second while a first sync fails arrives with the next attempt', async () => {
  // It sends `a`, which then has other content of the same size, later in the same second.
  const rsync = `#!/bin/bash
rsync "$@" || exit
if [ ! -e "\${0%/*}/failed" ]; then
  touch "\${0%/*}/failed"
  echo two > "\${0%/*}/source/a"
  touch -d 2026-01-01T00:00:00.9 "\${0%/*}/source/a"
  exit 23
fi
`;
  await using mirror = new LsyncdMirror(({ directory, source, copy }) => {
    writeFileSync(directory.at('rsync'), rsync);
    chmodSync(directory.at('rsync'), 0o755);
    writeFileSync(
      directory.at('c.lua'),
      `PRESET = 'rsync' sync{ default.rsync, source = [[${source}]], target = [[${copy}]], delay = 0,
        rsync = { archive = true, binary = [[${directory.at('rsync')}]] }, ${OWN} }`,
    );
    return [directory.at('c.lua')];
  }, 'echo one > a; touch -d 2026-01-01T00:00:00.1 a');
  await mirror.until(() => mirror.copied('a') === 'two\n', 'the newer content');
  expect(mirror.output).toContain('exit 23');
});
