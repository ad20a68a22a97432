import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PathBytes } from '../../src/model/path-bytes.ts';
import {
  afterMove,
  baseName,
  displayPath,
  isBelow,
  isWithinOne,
  joinPath,
  parentPath,
  pathFromBuffer,
  pathFromText,
  pathToBuffer,
} from '../../src/model/path-bytes.ts';

const anyBytes = fc.uint8Array({ maxLength: 40 });

test('any bytes come back exactly', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      expect([...pathToBuffer(pathFromBuffer(bytes))]).toEqual([...bytes]);
    }),
  );
});

test('text is stored as its UTF-8 bytes', () => {
  expect(pathFromText('é')).toBe('\u00c3\u00a9');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(pathToBuffer(pathFromText(text)).toString('utf8')).toBe(text);
    }),
  );
});

test('byte order of paths is the order of their strings', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (a, b) => {
      const [left, right] = [pathFromBuffer(a), pathFromBuffer(b)];
      expect(left < right ? -1 : left > right ? 1 : 0).toBe(Buffer.compare(a, b));
    }),
  );
});

test('a path is the join of its parent and its name', () => {
  const name = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
      const path = names.join('/') as PathBytes;
      expect(joinPath(parentPath(path), baseName(path))).toBe(path);
      expect(isBelow(path, parentPath(path))).toBe(true);
      expect(isBelow(path, path)).toBe(false);
    }),
  );
  expect(parentPath('' as PathBytes)).toBe('');
  expect(isBelow('ab' as PathBytes, 'a' as PathBytes)).toBe(false);
});

test('a path is within a set of places that holds it or one it is below', () => {
  const places = new Set(['a/b', 'c'] as PathBytes[]);
  const within = ['a/b', 'a/b/x/y', 'c', 'c/d'];
  const outside = ['', 'a', 'a/bb', 'cc', 'x/c'];
  for (const path of [...within, ...outside])
    expect([path, isWithinOne(path as PathBytes, places)]).toEqual([path, within.includes(path)]);
  expect(isWithinOne('x/y' as PathBytes, new Set(['' as PathBytes]))).toBe(true);
  expect(isWithinOne('x' as PathBytes, new Set())).toBe(false);
});

test('a path follows the move of what it is or is in, and of nothing else', () => {
  const [from, to] = ['a/b', 'z'] as [PathBytes, PathBytes];
  const after = (path: string): string | undefined => afterMove(path as PathBytes, from, to);
  expect([after('a/b'), after('a/b/c')]).toEqual(['z', 'z/c']);
  expect([after('a'), after('a/bb'), after('z')]).toEqual([undefined, undefined, undefined]);
});

describe('displayPath', () => {
  function check(bytes: string | readonly number[], expected: string): void {
    const path = typeof bytes === 'string' ? pathFromText(bytes) : pathFromBuffer(Uint8Array.from(bytes));
    expect(displayPath(path)).toBe(expected);
  }
  test('shows text as it is', () => {
    check('plain name', 'plain name');
    check('grüße/日本/🎉', 'grüße/日本/🎉');
  });
  test('escapes what could deceive the eye or the terminal', () => {
    check('a\nb\tc\rd', 'a\\nb\\tc\\rd');
    check('\u001b[31m', '\\x1b[31m');
    check('back\\slash', 'back\\\\slash');
    check('txt.\u202egpj', 'txt.\\xe2\\x80\\xaegpj');
    check('\u0085', '\\xc2\\x85');
    check('\u007f', '\\x7f');
  });
  test('shows bytes that are not UTF-8 in hexadecimal, and the rest beside them as text', () => {
    check([0xff], '\\xff');
    check([0x66, 0xe9, 0x67], 'f\\xe9g');
    check([0xc3, 0xa9, 0xff], 'é\\xff');
    check([0xc0, 0xaf], '\\xc0\\xaf');
    check([0xed, 0xa0, 0x80], '\\xed\\xa0\\x80');
    check([0xf4, 0x90, 0x80, 0x80], '\\xf4\\x90\\x80\\x80');
    check([0xe2, 0x82], '\\xe2\\x82');
  });
  test('two different paths never look alike, and the bytes can be read back from what is shown', () => {
    const bytes = fc.oneof(
      anyBytes,
      fc.string({ unit: 'grapheme' }).map((text) => new TextEncoder().encode(text)),
      fc
        .array(fc.constantFrom(0x5c, 0x78, 0x66, 0x0a, 0xc3, 0xa9, 0xff, 0x6e), { maxLength: 12 })
        .map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(bytes, (raw) => {
        expect([...readBack(displayPath(pathFromBuffer(raw)))]).toEqual([...raw]);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** Undoes the escapes of `displayPath`. */
function readBack(shown: string): Buffer {
  const named: Record<string, number> = { n: 0x0a, t: 0x09, r: 0x0d, '\\': 0x5c };
  const parts: Buffer[] = [];
  for (const [, hex, letter, text] of shown.matchAll(/\\x([0-9a-f]{2})|\\(.)|([^\\]+)/gsu))
    parts.push(
      hex !== undefined
        ? Buffer.from([parseInt(hex, 16)])
        : letter !== undefined
          ? Buffer.from([named[letter] ?? 0])
          : Buffer.from(text ?? ''),
    );
  return Buffer.concat(parts);
}
