/** Where the files of this program are, as it runs. */
const OWN_FILES =
  /^.*\/(?:dist|src)\//.exec(decodeURIComponent(new URL(import.meta.url).pathname))?.[0] ?? '';

/** Whose mistake an error is, as far as its stack tells. */
export type ErrorOrigin =
  /** `FILE:LINE:COLUMN`: the innermost frame in a file of the user's. */
  | { readonly kind: 'user'; readonly place: string }
  /** There is none, but one in this program. */
  | { readonly kind: 'own' }
  | { readonly kind: 'unknown' };

/** Reads the stack of what was thrown; of its cause, where it was thrown on. Packages and Node itself are nobody's files. */
export function originOf(error: unknown): ErrorOrigin {
  if (!(error instanceof Error)) return { kind: 'unknown' };
  const thrown = error.cause ?? error;
  const frames = thrown instanceof Error ? framesOf(thrown.stack ?? '') : [];
  const user = frames.find(({ file }) => !isOwn(file) && !file.includes('/node_modules/'));
  if (user !== undefined) return { kind: 'user', place: `${user.file}:${user.line}:${user.column}` };
  return frames.some(({ file }) => isOwn(file)) ? { kind: 'own' } : { kind: 'unknown' };
}

/** What was thrown, in one line, with the place in the user's file if there is one. */
export function thrownText(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  const text = oneLine(error.message === '' ? error.name : error.message);
  const origin = originOf(error);
  return origin.kind === 'user' ? `${text} (${origin.place})` : text;
}

interface Frame {
  /** Absolute. */
  readonly file: string;
  readonly line: string;
  readonly column: string;
}

function framesOf(stack: string): readonly Frame[] {
  const frame = /^\s+at (?:async (?=\/|file:))?(?:.*? \()?(?:file:\/\/)?(\/.*?):(\d+):(\d+)\)?$/gm;
  return [...stack.matchAll(frame)].map(([, file = '', line = '', column = '']) => ({ file, line, column }));
}

function isOwn(file: string): boolean {
  return OWN_FILES !== '' && file.startsWith(OWN_FILES);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
