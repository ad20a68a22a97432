import { mkdirSync } from 'node:fs';
import type { LiveMirrorOptions } from './live-mirror.ts';
import { startRsyncDaemon } from './rsync-daemon.ts';
import type { Sshd, SshdOptions } from './sshd.ts';
import { startSshd } from './sshd.ts';
import type { TempDir } from './temp-dir.ts';
import { freePort } from './tcp-port.ts';

/** A server on this machine that gives a mirror a way to the directory `copy`. */
export interface ServedTarget extends AsyncDisposable {
  /** What `syncline mirror` needs to reach it. */
  readonly way: Required<Pick<LiveMirrorOptions, 'directory' | 'options'>> & LiveMirrorOptions;
  /** Kills the server and all that runs for it, receivers included. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Stops all that runs for the connections there are; new ones are served. To be followed by {@link kill}. */
  hang(): void;
}

/** Starts the server for `copy` in this directory. */
export type ServeTarget = (directory: TempDir) => Promise<ServedTarget>;

/** `TARGET` is `host:path`. */
export async function serveBySsh(directory: TempDir): Promise<ServedTarget> {
  const sshd = await startSshd();
  const options = ['-e', sshd.remoteShell];
  return served(sshd, { directory, options, targetFor: (copy) => `${sshd.host}:${copy}` });
}

/** `--rsyncssh`; moves are made by SFTP. */
export function serveByRsyncssh(directory: TempDir): Promise<ServedTarget> {
  return serveMoves(directory, {});
}

/** `--rsyncssh`; moves are made by mv. */
export function serveByRsyncsshWithoutSftp(directory: TempDir): Promise<ServedTarget> {
  return serveMoves(directory, { sftp: false });
}

/** `TARGET` is `rsync://host/module`. */
export async function serveByDaemon(directory: TempDir): Promise<ServedTarget> {
  mkdirSync(directory.at('copy'), { recursive: true });
  const port = await freePort();
  const start = () => startRsyncDaemon(directory.at('copy'), [], port);
  let daemon = await start();
  return {
    way: { directory, options: [], targetFor: () => daemon.url() },
    kill: () => daemon.kill(),
    hang: () => {
      daemon.hang();
    },
    restart: async () => {
      await daemon[Symbol.asyncDispose]();
      daemon = await start();
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

/** No server: `TARGET` is the directory itself. */
export function serveNothing(directory: TempDir): Promise<ServedTarget> {
  const nothing = (): Promise<void> => Promise.resolve();
  const way = { directory, options: [] };
  return Promise.resolve({
    way,
    kill: nothing,
    restart: nothing,
    hang: () => undefined,
    [Symbol.asyncDispose]: nothing,
  });
}

async function serveMoves(directory: TempDir, options: SshdOptions): Promise<ServedTarget> {
  const sshd = await startSshd(options);
  return served(sshd, { directory, options: sshd.mirrorOptions, host: sshd.host });
}

function served(sshd: Sshd, way: ServedTarget['way']): ServedTarget {
  return {
    way,
    kill: () => sshd.kill(),
    hang: () => {
      sshd.hang();
    },
    restart: () => sshd.restart(),
    [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose](),
  };
}
