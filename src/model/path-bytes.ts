/**
 * A file name or path as the bytes the kernel gave, held as a binary string (latin1: one character a byte).
 * Relative to the watched root, parts joined by `/`, no leading or trailing `/`; the root itself is `''`.
 * Never print one: use {@link displayPath}. Never pass one to `node:fs`: use {@link pathToBuffer}.
 */
export type PathBytes = string & { readonly __pathBytes: unique symbol };

/** The root of a tree. */
export const ROOT_PATH = '' as PathBytes;

/** A path from raw bytes; exact for every byte. */
export function pathFromBuffer(bytes: Uint8Array): PathBytes {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as PathBytes;
}

/** A path from text that a person or a program wrote in UTF-8 (arguments, configuration, tests). */
export function pathFromText(text: string): PathBytes {
  return Buffer.from(text, 'utf8').toString('latin1') as PathBytes;
}

/** The raw bytes of a path; the inverse of {@link pathFromBuffer}. */
export function pathToBuffer(path: PathBytes): Buffer {
  return Buffer.from(path, 'latin1');
}

/** `directory/name`, or `name` below the root. */
export function joinPath(directory: PathBytes, name: PathBytes): PathBytes {
  return (directory === '' ? name : `${directory}/${name}`) as PathBytes;
}

/** The directory that holds `path`: `''` for an entry of the root and for the root itself. */
export function parentPath(path: PathBytes): PathBytes {
  const slash = path.lastIndexOf('/');
  return (slash < 0 ? '' : path.slice(0, slash)) as PathBytes;
}

/** The last part of `path`. */
export function baseName(path: PathBytes): PathBytes {
  return path.slice(path.lastIndexOf('/') + 1) as PathBytes;
}

/** True when `path` lies below `directory` (not when they are equal). */
export function isBelow(path: PathBytes, directory: PathBytes): boolean {
  return directory === '' ? path !== '' : path.startsWith(`${directory}/`);
}

/** True when `path` is one of these or below one. */
export function isWithinOne(path: PathBytes, places: Pick<ReadonlySet<PathBytes>, 'has' | 'size'>): boolean {
  if (places.size === 0) return false;
  for (let up = path; ; up = parentPath(up)) {
    if (places.has(up)) return true;
    if (up === ROOT_PATH) return false;
  }
}

/** Where what was at `path` is once `from` is called `to`; undefined when the move does not concern it. */
export function afterMove(path: PathBytes, from: PathBytes, to: PathBytes): PathBytes | undefined {
  return path === from || isBelow(path, from) ? ((to + path.slice(from.length)) as PathBytes) : undefined;
}

const decoder = new TextDecoder('utf-8', { fatal: true });
// eslint-disable-next-line no-control-regex -- control bytes are what is looked for
const unsafeText = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\\]/;

/**
 * A path for people: UTF-8 as it is, while a backslash, a control character, a direction mark and every byte that is
 * not UTF-8 become `\\`, `\n`, `\t`, `\r` or `\xHH` (of the raw bytes), so that two different paths never look alike.
 */
export function displayPath(path: PathBytes): string {
  const bytes = pathToBuffer(path);
  let text: string | undefined;
  try {
    text = decoder.decode(bytes);
  } catch {
    text = undefined;
  }
  if (text !== undefined && !unsafeText.test(text)) return text;
  let shown = '';
  for (let i = 0; i < bytes.length;) {
    const length = utf8SequenceLength(bytes, i);
    const character = length === 0 ? '' : bytes.toString('utf8', i, i + length);
    if (length === 0 || unsafeText.test(character)) {
      const end = i + Math.max(1, length);
      for (; i < end; i++) shown += escapeByte(bytes[i] ?? 0);
    } else {
      shown += character;
      i += length;
    }
  }
  return shown;
}

function escapeByte(byte: number): string {
  switch (byte) {
    case 0x0a:
      return '\\n';
    case 0x09:
      return '\\t';
    case 0x0d:
      return '\\r';
    case 0x5c:
      return '\\\\';
    default:
      return `\\x${byte.toString(16).padStart(2, '0')}`;
  }
}

/** The length of the valid UTF-8 sequence at `at`, or 0. Overlong forms, surrogates and values above 10FFFF are invalid. */
function utf8SequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    return decoder.decode(bytes.subarray(at, at + length)).length > 0 && at + length <= bytes.length
      ? length
      : 0;
  } catch {
    return 0;
  }
}
