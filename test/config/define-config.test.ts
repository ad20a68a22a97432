import { expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { defineConfig, type SynclineConfig } from '../../src/index.ts';

test('defineConfig gives back what it is given, and its types know every key', () => {
  const targets: SynclineConfig['syncs'][number]['targets'] = [
    'a',
    { kind: 'rsyncssh', host: 'h', directory: 'd', ssh: { port: 2 }, delay: 0 },
  ];
  const config: SynclineConfig = {
    log: { level: 'warn' },
    syncs: [{ source: 's', targets, delete: 'startup', hooks: { onError: ['sh', '-c', 'x'] } }],
  };
  expect(defineConfig(config)).toBe(config);
  expect(configSchema.safeParse(config).success).toBe(true);
});

test.each([
  // @ts-expect-error -- no such key
  defineConfig({ syncs: [{ source: 's', targets: ['t'], delai: 1 }] }),
  // @ts-expect-error -- no such kind
  defineConfig({ syncs: [{ source: 's', targets: [{ kind: 'rsynx', target: 't' }] }] }),
  // @ts-expect-error -- ssh is not for a target of this kind
  defineConfig({ syncs: [{ source: 's', targets: [{ kind: 'rsync', target: 't', ssh: {} }] }] }),
  // @ts-expect-error -- seconds are numbers
  defineConfig({ syncs: [{ source: 's', targets: ['t'], delay: '1' }] }),
  // @ts-expect-error -- something has to be mirrored
  defineConfig({}),
])('what the types refuse the schema refuses as well: %j', (config) => {
  expect(configSchema.safeParse(config).success).toBe(false);
});
