/** Longer than any line rsync prints: a path of 4,096 bytes, each escaped as four, and twice in one message. */
const MAX_LINE_BYTES = 64 * 1024;

/** Cuts bytes into lines at `\n` and `\r` and hands them on as binary strings, without empty ones; over-long lines are cut. */
export class LineReader {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString('latin1')).split(/[\r\n]/);
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE_BYTES);
    for (const line of lines) if (line !== '') this.#onLine(line);
  }

  /** The last line need not have an end. */
  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }
}
