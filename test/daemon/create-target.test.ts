import { expect, test } from 'vitest';
import { readYaml } from '../../src/config/read-text.ts';
import { resolveConfig } from '../../src/config/resolve-config.ts';
import { configSchema } from '../../src/config/schema.ts';
import { mirrorsOf, placesIn } from '../../src/daemon/config-mirrors.ts';
import { targetAddresses } from '../../src/daemon/create-target.ts';
import { checkTargetsApart } from '../../src/target/check-targets.ts';

/** What is wrong with these targets beside each other; undefined if nothing is. */
function conflict(...targets: readonly string[]): string | undefined {
  const { value } = readYaml('c.yaml', `syncs: [{ source: /s, targets: [${targets.join(', ')}] }]`);
  const config = { config: configSchema.parse(value), program: '' };
  const mirrors = mirrorsOf(resolveConfig(config, [], placesIn('/etc/here', '/home/me')));
  const places = mirrors.flatMap((mirror) => mirror.targets);
  try {
    checkTargetsApart(targetAddresses(places).map((address) => ({ ...address, source: 0, deletes: true })));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const POOLED = 'rsync://localhost:{localport}/m';
const pool = (command: string, more = ''): string =>
  `{ kind: rsync, target: '${POOLED}', tunnel: { mode: pool, command: '${command} {localport}'${more} } }`;
const host = (name: string, port: number): string =>
  `{ kind: rsyncssh, host: ${name}, directory: d, ssh: { port: ${port} } }`;

test.each<[readonly string[], string | undefined]>([
  // The command says which host it is, whatever else is said of the tunnel.
  [[pool('a'), pool('b')], undefined],
  [[pool('a'), pool('a', ', retryDelay: 3, name: other')], `Target ${POOLED} is given twice.`],
  [[pool('a'), 'rsync://localhost:1/m'], undefined],
  // Behind a port of this machine may be any host; a port of another is still the same one.
  [[host('localhost', 2222), host('localhost', 2223)], undefined],
  [[host('me@127.0.0.1', 2222), host('me@127.0.0.1', 2222)], 'Target me@127.0.0.1:d is given twice.'],
  [[host('h', 2222), host('h', 2223)], 'Target h:d is given twice.'],
])('the targets %j are apart or not: %s', (targets, message) => {
  expect(conflict(...targets)).toBe(message);
});

test('no two of many pools are one place', () => {
  expect(conflict(...Array.from({ length: 700 }, (_, index) => pool(`ssh host${index}`)))).toBeUndefined();
});
