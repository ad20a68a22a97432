import { createLogUpdate } from 'log-update';
import type { ProgramIo, TextOutput } from './program-io.ts';

/** Lines that stay and, on a terminal, one bar below them that is redrawn in place. Main thread only. */
export interface Screen {
  /** Where log lines go: the bar makes room for them and comes back below. Each write is whole lines. */
  readonly lines: TextOutput;
  /** Width of the bar; undefined where standard error is no terminal and no bar is drawn. */
  readonly barColumns: () => number | undefined;
  /** Draws or replaces the bar: one line, at most `barColumns` wide. */
  drawBar(text: string): void;
  /** Takes the bar away, leaving nothing behind. */
  clearBar(): void;
}

/** Lines go to standard output, the bar to standard error, so that a piped log stays clean. */
export function createScreen(io: Pick<ProgramIo, 'stdout' | 'stderr'>): Screen {
  const { stdout, stderr } = io;
  // The bar needs no more of the stream than a TextOutput has; the cursor stays as it is, so no exit hook is needed.
  const update = createLogUpdate(stderr as unknown as NodeJS.WritableStream, { showCursor: true });
  let bar: string | undefined;
  return {
    lines: {
      write(text) {
        if (bar !== undefined) update.clear();
        const written = stdout.write(text);
        if (bar !== undefined) update(bar);
        return written;
      },
      ...(stdout.isTTY === true ? { isTTY: true } : {}),
    },
    barColumns: () => (stderr.isTTY === true ? (stderr.columns ?? 80) : undefined),
    drawBar(text) {
      if (stderr.isTTY !== true) return;
      bar = text;
      update(text);
    },
    clearBar() {
      if (bar !== undefined) update.clear();
      bar = undefined;
    },
  };
}
