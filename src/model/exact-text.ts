import { pathToBuffer } from './path-bytes.ts';
import type { PathBytes } from './path-bytes.ts';

/*
 * Names for programs of the user's: text, in which a byte that is not UTF-8 is a lone surrogate U+DC80 to U+DCFF (as Python
 * has it). Such text can be compared, cut and put together like any other, and is the same bytes again.
 */

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const FIRST_ESCAPE = 0xdc00;

/** A name as text; {@link pathFromExactText} gives it back byte by byte. */
export function exactText(path: PathBytes): string {
  const bytes = pathToBuffer(path);
  try {
    return decoder.decode(bytes);
  } catch {
    return escaped(bytes);
  }
}

/** An escaped byte; a surrogate behind the first half of a pair is a part of that character. */
const escape = /((?<![\ud800-\udbff])[\udc80-\udcff])/;

/** The bytes of a text: UTF-8, and the byte itself for each that {@link exactText} has escaped. */
export function pathFromExactText(text: string): PathBytes {
  // With a group, split gives text and escaped bytes by turns.
  return text
    .split(escape)
    .map((part, index) =>
      index % 2 === 0
        ? Buffer.from(part, 'utf8').toString('latin1')
        : String.fromCharCode(part.charCodeAt(0) - FIRST_ESCAPE),
    )
    .join('') as PathBytes;
}

/** The longest UTF-8 sequences as they are, every other byte by itself. */
function escaped(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(FIRST_ESCAPE + (bytes[at] ?? 0))
        : decoder.decode(bytes.subarray(at, at + length));
    at += Math.max(1, length);
  }
  return text;
}

/** How many bytes the UTF-8 sequence at this place has; 0 if there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    return decoder.decode(bytes.subarray(at, at + length)).length > 0 ? length : 0;
  } catch {
    return 0;
  }
}
