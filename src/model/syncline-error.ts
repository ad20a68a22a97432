/** What went wrong, for programs; the message is for people. */
export type ErrorCode =
  | 'USAGE'
  | 'CONFIG'
  | 'SOURCE'
  | 'TARGET'
  | 'FILTER'
  | 'RSYNC_MISSING'
  | 'RSYNC_TOO_OLD'
  | 'WATCH_LIMIT'
  | 'WATCH'
  | 'ADDON';

/** A failure to be told to the user in one line: names the thing and its value; `remedy` says what to do about it. */
export class SynclineError extends Error {
  override readonly name = 'SynclineError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly remedy?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
