/**
 * The folder of this package, where its package.json is. This file lies directly in `src/`, and the file of the built program
 * that has it directly in `dist/` (scripts/bundle.mjs).
 */
export const PACKAGE_ROOT = new URL('../', import.meta.url);
