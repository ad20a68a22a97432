import { createRequire } from 'node:module';
import { projectRoot } from '../../test/support/project-root.ts';
import type { NativeAddon } from '../../src/addon/addon.ts';

/** The addon as `npm run build:native` leaves it. */
export function nativeAddon(): NativeAddon {
  return createRequire(import.meta.url)(`${projectRoot}/build/Release/syncline.node`) as NativeAddon;
}
