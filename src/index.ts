export { SynclineError, type ErrorCode } from './model/syncline-error.ts';
export {
  displayPath,
  type PathBytes,
  pathFromBuffer,
  pathFromText,
  pathToBuffer,
} from './model/path-bytes.ts';
export { EventBatch, HINT, type WatchEvent } from './model/event-batch.ts';
export { defineConfig } from './config/define-config.ts';
export type { EventNames, SyncEvent, SyncEventList, SyncInlet, UserAction } from './model/user-action.ts';
export type { SynclineConfig } from './config/schema.ts';
export type {
  CommandExitCodes,
  CommandMode,
  DeleteLimit,
  DeletePolicy,
  FilterOption,
  HookCommand,
  HookOptions,
  MirroredAttributes,
  MirrorOptions,
  RsyncExitCodes,
  RunSettings,
  TargetPlace,
} from './daemon/mirror-options.ts';
export { runMirrors } from './daemon/run-mirrors.ts';
export { type EndSignal, processIo, type ProgramIo, type TextOutput } from './daemon/program-io.ts';
