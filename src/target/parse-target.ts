import { resolve } from 'node:path';
import { SynclineError } from '../model/syncline-error.ts';

/** Where a mirror goes, as rsync understands it. */
export type RsyncLocation =
  /** A directory on this machine; absolute, without a trailing slash (but for `/`). */
  | { readonly kind: 'local'; readonly path: string }
  /** Over a remote shell; `host` may hold `user@` and a `[v6]` address. A path without a leading `/` is below the home. */
  | { readonly kind: 'ssh'; readonly host: string; readonly path: string }
  /** An rsync daemon; `address` is `host::` or `rsync://host[:port]/`, `path` what follows the module, may be empty. */
  | { readonly kind: 'daemon'; readonly address: string; readonly module: string; readonly path: string };

/**
 * Reads TARGET by rsync's own rules: `rsync://…` and `host::module` are daemons, a colon before the first slash names a
 * host, everything else is local (so `./a:b` and `/a:b` are). A local path is made absolute against the working
 * directory. Throws a SynclineError with the code TARGET.
 */
export function parseTarget(target: string): RsyncLocation {
  if (target.includes('\0')) throw refuse(target, 'holds a NUL byte');
  if (target.trim() === '')
    throw refuse(target, 'is empty', 'Give a directory, host:path or host::module/path.');
  if (/^rsync:\/\//i.test(target)) return parseUrl(target);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(target))
    throw refuse(target, 'is a URL rsync does not know', 'Use rsync://host/module/path or host:path.');
  const split = hostEnd(target);
  if (split === undefined) return { kind: 'local', path: resolve(target) };
  const host = target.slice(0, split);
  const rest = target.slice(split + 1);
  if (host === '' || host.endsWith('@'))
    throw refuse(target, 'names no host', 'Write host:path, or ./:path for a local name.');
  if (host.startsWith('-')) throw refuse(target, 'starts with a hyphen', 'Write ./-name for a local name.');
  if (!rest.startsWith(':')) return { kind: 'ssh', host, path: withoutTrailingSlash(rest) };
  return daemon(target, `${host}::`, rest.slice(1));
}

/** The target as the last argument of rsync: always with a trailing slash, so that it means the directory's content. */
export function targetArgument(location: RsyncLocation, below = ''): string {
  switch (location.kind) {
    case 'local':
      return inside(location.path, below);
    case 'ssh':
      return `${location.host}:${inside(location.path === '' ? '.' : location.path, below)}`;
    case 'daemon':
      return `${location.address}${inside(location.module + (location.path === '' ? '' : `/${location.path}`), below)}`;
  }
}

function inside(path: string, below: string): string {
  const directory = path.endsWith('/') ? path : `${path}/`;
  return below === '' ? directory : `${directory}${below}/`;
}

/** Index of the colon that ends the host, or undefined for a local path. Colons in `[v6]` and after a slash do not count. */
function hostEnd(target: string): number | undefined {
  const bracket = /^(?:[^/:@[\]]*@)?\[[^/\]]*\](?=:)/.exec(target);
  if (bracket) return bracket[0].length;
  const colon = target.indexOf(':');
  const slash = target.indexOf('/');
  return colon < 0 || (slash >= 0 && slash < colon) ? undefined : colon;
}

function parseUrl(target: string): RsyncLocation {
  const match = /^rsync:\/\/((?:[^/@]*@)?(?:\[[^/\]]+\]|[^/:[\]@]+)(?::(\d+))?)(?:\/(.*))?$/is.exec(target);
  if (!match) throw refuse(target, 'is no rsync URL', 'Write rsync://host[:port]/module/path.');
  const [, authority = '', port, path = ''] = match;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535))
    throw refuse(target, `has no port ${port}`);
  return daemon(target, `rsync://${authority}/`, path);
}

function daemon(target: string, address: string, modulePath: string): RsyncLocation {
  const [module = '', ...below] = withoutTrailingSlash(modulePath).split('/');
  if (module === '')
    throw refuse(target, 'names no module', 'Name one of the modules the daemon lists: rsync ' + address);
  if (module.includes(':')) throw refuse(target, 'names two hosts', 'Mirror to one target at a time.');
  return { kind: 'daemon', address, module, path: below.join('/') };
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 ? path.replace(/(?<=.)\/+$/s, '') : path;
}

function refuse(target: string, what: string, remedy?: string): SynclineError {
  return new SynclineError('TARGET', `Target ${JSON.stringify(target)} ${what}.`, remedy);
}
