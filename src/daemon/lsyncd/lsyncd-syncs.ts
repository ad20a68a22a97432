import type { GivenOptions, ReadConfig } from '../../config/schema.ts';
import type { LsyncdRequest, LsyncdSync } from './lsyncd-request.ts';

type ReadSync = ReadConfig['syncs'][number];

/** Lsyncd's own defaults, where they are not ours. A delay counts from the first change, and is never extended. */
function defaultsOf(kind: LsyncdSync['kind']): GivenOptions {
  const delay = kind === 'direct' ? 1 : 15;
  const timing = { delay, maxDelay: delay, maxNames: 1_000 };
  if (kind === 'direct') return timing;
  return {
    ...timing,
    attributes: { archive: false, links: true, times: true },
    rsync: { protectArgs: true },
  };
}

/** The syncs of a command line, as they would be said in our configuration. */
export function syncsOfRequest({ syncs, sshArguments }: LsyncdRequest): ReadSync[] {
  return syncs.map((sync): ReadSync => {
    const options = defaultsOf(sync.kind);
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
  });
}
