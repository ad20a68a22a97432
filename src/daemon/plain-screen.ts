import type { TextOutput } from './program-io.ts';
import type { Screen } from './screen.ts';

/** Where no bar is drawn: lines go to `output`. */
export function plainScreen(output: TextOutput): Screen {
  return { lines: output, barColumns: () => undefined, drawBar: () => undefined, clearBar: () => undefined };
}
