import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { ConfigDocument, ConfigPath, Position } from './config-document.ts';
import { ConfigError } from './config-error.ts';

/** Reads YAML. Throws a ConfigError with every place where it is broken. */
export function readYaml(file: string, text: string): ConfigDocument {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, merge: true });
  const at = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line, column: col };
  };
  // A warning is a tag that means nothing here: its value would be taken for something else.
  const broken = [
    ...[...document.errors, ...document.warnings].map(({ code, pos, message }) => ({
      offset: pos[0],
      message: code === 'MULTIPLE_DOCS' ? 'a second document begins; a configuration is one' : message,
    })),
    ...aliasesOfNothing(document),
  ];
  if (broken.length > 0)
    throw new ConfigError(
      file,
      broken.map(({ offset, message }) => ({ position: at(offset), path: [], message })),
    );
  const locate = (path: ConfigPath, of: 'key' | 'value'): Position | undefined => {
    const offset = offsetOf(document.contents, path, of, (node) =>
      isAlias(node) ? node.resolve(document) : node,
    );
    return offset === undefined ? undefined : at(offset);
  };
  return { file, value: toValue(file, () => document.toJS() as unknown), locate };
}

/** A pattern that begins with `*`, written without quotes. */
function aliasesOfNothing(document: Document): readonly { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return;
      const message = `*${alias.source} is an alias of YAML's for what nothing is named; if a pattern is meant, quote it: "*${alias.source}"`;
      found.push({ offset: alias.range?.[0] ?? 0, message });
    },
  });
  return found;
}

/** Reads JSON, strictly, with the places that a YAML reader finds in it. Throws a ConfigError. */
export function readJson(file: string, text: string): ConfigDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const [, offset] = /at position (\d+)/.exec(message) ?? [];
    const position = positionOf(text, offset === undefined ? text.length : Number(offset));
    throw new ConfigError(file, [{ position, path: [], message }], 'CONFIG', { cause: error });
  }
  // A key given twice is told of by the reader of YAML; JSON.parse would take the last one.
  return { ...readYaml(file, text), value };
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** An alias that cannot be resolved, or too many of them. */
function toValue(file: string, read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    throw new ConfigError(file, [{ path: [], message: (error as Error).message }], 'CONFIG', {
      cause: error,
    });
  }
}

function offsetOf(
  node: Node | null,
  path: ConfigPath,
  of: 'key' | 'value',
  resolve: (node: unknown) => unknown,
): number | undefined {
  const own = node?.range?.[0];
  const [part, ...rest] = path;
  if (part === undefined) return own;
  const inside = resolve(node);
  if (isSeq(inside)) return offsetOf(inside.items[Number(part)] as Node | null, rest, of, resolve) ?? own;
  if (!isMap(inside)) return own;
  const pair = inside.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  if (!isPair(pair)) return own;
  const key = (pair.key as Node).range?.[0];
  if (rest.length === 0 && of === 'key') return key;
  return offsetOf(pair.value as Node | null, rest, of, resolve) ?? key ?? own;
}
