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

/**
 * A failure to be told to the user in one line: names the thing and its value. `remedy` says what to do about it, and calls
 * options by both their names: on a command line, and in a configuration.
 */
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

  /** Message and remedy without a full stop, to be one of several in a line or a list. */
  get inOneLine(): string {
    const parts = [this.message, ...(this.remedy === undefined ? [] : [withSmallLetter(this.remedy)])];
    return parts.map((text) => text.replace(/\.$/, '')).join('; ');
  }
}

function withSmallLetter(text: string): string {
  return text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
}
