import { expect, test } from 'vitest';
import { checkOptions } from '../../src/config/check-options.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { readYaml } from '../../src/config/read-text.ts';
import { type Override, resolveConfig } from '../../src/config/resolve-config.ts';
import { configSchema } from '../../src/config/schema.ts';

const places = { file: (text: string) => text, target: (text: string) => text };

function complaints(text: string, overrides: readonly Override[] = []): string[] {
  const document = readYaml('c.yaml', text);
  const config = resolveConfig(
    { config: configSchema.parse(document.value), program: '' },
    overrides,
    places,
  );
  const problems = checkOptions({ document }, config);
  if (problems.length === 0) return [];
  return new ConfigError('c.yaml', problems).message.split('\n').slice(1);
}

const host = '{ kind: rsyncssh, host: h, directory: d }';
const pooled = (target: string, command: string): string =>
  `syncs: [{ source: a, targets: ["${target}"], tunnel: { mode: pool, ${command} } }]`;
const ALONE = 'not for a target of the kind rsyncssh, which has its own connection; say it by ssh';

test.each<[string, string[]]>([
  [
    'syncs: [{ source: a, targets: [b], delay: 20, maxDelay: 10 }]',
    ['  c.yaml:1:57: syncs[0].maxDelay: found 10; allowed: at least the delay, 20'],
  ],
  ['syncs: [{ source: a, targets: [b], delay: 20 }]', []],
  [
    'defaults: { maxDelay: 1 }\nsyncs: [{ source: a, targets: [b, { kind: rsync, target: c, delay: 2 }] }]',
    ['  c.yaml:1:23: defaults.maxDelay: found 1; allowed: at least the delay, 2'],
  ],
  [
    'defaults: { initial: false }\nsyncs: [{ source: a, targets: [b], once: true }, { source: b, targets: [c] }]',
    ['  c.yaml:1:22: defaults.initial: found false; with once that leaves nothing to do'],
  ],
  [
    'defaults: { once: true }\nsyncs: [{ source: a, targets: [b], crontab: 0 3 * * * }]',
    ['  c.yaml:2:45: syncs[0].crontab: with once there is no later time; leave out one of them'],
  ],
  ['syncs: [{ source: a, targets: [b], crontab: 0 3 * * *, dryRun: true }]', []],
  ['syncs: [{ source: a, targets: [b], crontab: [], once: true }]', []],
  [
    'syncs: [{ source: a, targets: [b], ssh: { port: 1 } }]',
    ['  c.yaml:1:41: syncs[0].ssh: without effect: no target of this sync is of a kind that takes ssh'],
  ],
  [`syncs: [{ source: a, targets: [b, ${host}], ssh: { port: 1 } }]`, []],
  ['defaults: { ssh: { port: 1 } }\nsyncs: [{ source: a, targets: [b] }]', []],
  [
    `defaults: { rsync: { rsh: x } }\nsyncs: [{ source: a, targets: [${host}] }, { source: b, targets: [${host}] }]`,
    [`  c.yaml:1:27: defaults.rsync.rsh: ${ALONE}`],
  ],
  [
    pooled('rsync://localhost:1/m', 'command: [ssh, h]'),
    [
      '  c.yaml:1:74: syncs[0].tunnel.mode: pool chooses ports, but the target names no {localport}: rsync://localhost:1/m',
      '  c.yaml:1:89: syncs[0].tunnel.command: it has to name {localport}, which mode: pool chooses',
    ],
  ],
  [pooled('rsync://localhost:{localport}/m', 'command: "ssh -L {localport}:h:873 h"'), []],
  [
    `syncs: [{ source: a, targets: [${host}], tunnel: { mode: pool, command: "{localport}" } }]`,
    [
      '  c.yaml:1:92: syncs[0].tunnel.mode: pool is for targets of the kind rsync alone, whose target names {localport}',
    ],
  ],
  [
    'syncs: [{ source: a, targets: [h::m], tunnel: { command: x, parallel: 2 } }]',
    ['  c.yaml:1:71: syncs[0].tunnel.parallel: found 2; more than one is for mode: pool'],
  ],
  [
    'syncs: [{ source: a, targets: ["rsync://localhost:{localport}/m"], tunnel: { command: x } }]',
    [
      '  c.yaml:1:87: syncs[0].tunnel.command: {localport} is chosen by mode: pool; else command and target name a port of yours',
    ],
  ],
  [
    'syncs: [{ source: a, targets: [h::m], tunnel: { readyDelay: 1 } }]',
    ['  c.yaml:1:61: syncs[0].tunnel.readyDelay: without effect: there is no tunnel.command'],
  ],
  [
    'defaults: { tunnel: { command: x } }\nsyncs: [{ source: a, targets: [{ kind: direct, target: b }] }]',
    [],
  ],
  [
    'syncs: [{ source: a, targets: [{ kind: direct, target: b }], tunnel: { command: x } }]',
    ['  c.yaml:1:70: syncs[0].tunnel: without effect: no target of this sync is of a kind that takes tunnel'],
  ],
])('%s', (text, lines) => {
  expect(complaints(text)).toEqual(lines);
});

test('a configuration with times of cron can be run once by the command line', () => {
  const text = 'syncs: [{ source: a, targets: [b], crontab: 0 3 * * * }]';
  expect(complaints(text, [{ option: '--once', options: { once: true } }])).toEqual([]);
});

test('what the command line says is told where the configuration says the other', () => {
  const text = 'syncs: [{ source: a, targets: [b], initial: false }]';
  expect(complaints(text, [{ option: '--once', options: { once: true } }])).toEqual([
    '  c.yaml:1:45: syncs[0].initial: found false; with once that leaves nothing to do',
  ]);
});
