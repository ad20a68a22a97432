import type { LoadedConfig } from '../../config/load-config.ts';
import { type EffectiveConfig, resolveConfig } from '../../config/resolve-config.ts';
import type { GivenOptions, ReadConfig } from '../../config/schema.ts';
import { placesIn } from '../config-mirrors.ts';
import type { LsyncdRequest, LsyncdSync } from './lsyncd-request.ts';

type ReadSync = ReadConfig['syncs'][number];

/** Lsyncd's own defaults, where they are not ours. A delay counts from the first change, and is never extended. */
function defaultsOf(kind: LsyncdSync['kind']): GivenOptions {
  const delay = kind === 'direct' ? 1 : 15;
  return {
    delay,
    maxDelay: delay,
    maxNames: 1_000,
    attributes: { archive: false, links: true, times: true, ...(kind === 'direct' ? COPIED : {}) },
  };
}

/** What `cp -p` keeps. */
const COPIED = { perms: true, owner: true, group: true } as const;

/** What the syncs of a command line come to; names of files count from `directory`. */
export function configOfRequest(request: LsyncdRequest, directory: string): EffectiveConfig {
  const config: LoadedConfig['config'] = {
    syncs: request.syncs.map((sync) => readSync(sync, request)),
  };
  return resolveConfig({ config }, [], placesIn(directory, undefined));
}

function readSync(sync: LsyncdSync, { delay, settings, sshArguments }: LsyncdRequest): ReadSync {
  const options: GivenOptions = {
    ...defaultsOf(sync.kind),
    ...(delay === undefined ? {} : { delay, maxDelay: delay }),
    ...(settings.onepass === true ? { once: true } : {}),
  };
  switch (sync.kind) {
    case 'rsync':
    case 'direct':
      return { source: sync.source, targets: [{ kind: sync.kind, target: sync.target }], ...options };
    case 'rsyncssh': {
      const ssh = sshArguments.length > 0 ? { ssh: { extra: [...sshArguments] } } : {};
      const { host, directory } = sync;
      return { source: sync.source, targets: [{ kind: sync.kind, host, directory, ...ssh }], ...options };
    }
  }
}
