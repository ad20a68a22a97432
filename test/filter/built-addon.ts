import { createRequire } from 'node:module';

import type { NativeAddon } from '../../src/addon/addon.ts';

/** The addon as node-gyp built it: the matcher under test is the real one. */
export const addon = createRequire(import.meta.url)('../../build/Release/syncline.node') as NativeAddon;
