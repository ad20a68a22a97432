import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SynclineError } from '../model/syncline-error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import type { NativeAddon } from './addon.ts';

/** Where the two native builds put the addon, below the package's root; the first that exists is taken. */
const ADDON_FILES = ['build/Release/syncline.node', 'build-cmake/Release/syncline.node'];

let loaded: NativeAddon | undefined;

/** The native addon, loaded once a thread. Throws a SynclineError `ADDON` if it is not built or does not load here. */
export function loadAddon(): NativeAddon {
  loaded ??= requireAddon(fileURLToPath(PACKAGE_ROOT));
  return loaded;
}

/** The addon of the package at `packageRoot` (ending in `/`). Throws as {@link loadAddon} does. */
export function requireAddon(packageRoot: string): NativeAddon {
  const file = ADDON_FILES.map((name) => packageRoot + name).find((path) => existsSync(path));
  if (file === undefined) {
    throw new SynclineError(
      'ADDON',
      `the native addon is not built: no ${ADDON_FILES.join(' or ')} in ${packageRoot}`,
      'run: npm run build:native (needs Python, make and a C++20 compiler)',
    );
  }
  try {
    return createRequire(import.meta.url)(file) as NativeAddon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SynclineError(
      'ADDON',
      `the native addon ${file} does not load: ${reason}`,
      'run: npm run build:native',
      {
        cause,
      },
    );
  }
}
