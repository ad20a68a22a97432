import { joinPath, pathFromText } from '../../src/model/path-bytes.ts';
import type { RsyncTargetOptions } from '../../src/target/rsync/rsync-options.ts';
import { createRsyncTarget } from '../../src/target/rsync/rsync-target.ts';
import { DrivenTarget, toPath } from './driven-target.ts';
import type { TempDir } from './temp-dir.ts';
import { makeTempDir } from './temp-dir.ts';

export type MirrorOptions = Partial<Omit<RsyncTargetOptions, 'source' | 'target'>> & {
  /** TARGET for this local directory; the directory itself if not given. */
  readonly targetFor?: (copy: string) => string;
  readonly directory?: TempDir;
  /** The source directory's name, where it is not `source`. */
  readonly sourceName?: Buffer;
};

/** A source and a target directory of their own, and an rsync target between them. */
export class RsyncMirror extends DrivenTarget {
  /** The commands run so far, without those of probes. */
  commands(): (readonly string[])[] {
    return this.events.flatMap((event) =>
      event.kind === 'command' && !event.arguments.some((text) => text.includes('syncline-probe-'))
        ? [event.arguments]
        : [],
    );
  }
}

export function makeRsyncMirror(options: MirrorOptions = {}): RsyncMirror {
  const { targetFor = (copy: string): string => copy, directory = makeTempDir(), ...rest } = options;
  const { sourceName = 'source', ...targetOptions } = rest;
  return new RsyncMirror(
    (_source, copy) =>
      createRsyncTarget({
        source: joinPath(pathFromText(directory.path), toPath(sourceName)),
        target: targetFor(copy),
        environment: process.env,
        timeoutSeconds: 60,
        allowEmptySource: true,
        ...targetOptions,
      }),
    directory,
  );
}
