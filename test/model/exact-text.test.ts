import { expect, test } from 'vitest';
import { exactText, pathFromExactText } from '../../src/model/exact-text.ts';
import { pathFromBuffer, pathFromText } from '../../src/model/path-bytes.ts';
import { SeededRandom } from '../support/seeded-random.ts';

test('a name in UTF-8 is its text, a byte order mark and characters beyond 16 bits included', () => {
  for (const text of ['a', 'für/日本', '\u{1f480}', '\ufeffa', ''])
    expect(exactText(pathFromText(text))).toBe(text);
});

test('every other byte is a surrogate by itself', () => {
  expect(exactText(pathFromBuffer(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xc3])))).toBe('a\udcff\u00e9\udcc3');
  // An encoded surrogate is no UTF-8.
  expect(exactText(pathFromBuffer(Buffer.from([0xed, 0xb2, 0x80])))).toBe('\udced\udcb2\udc80');
});

test('text of any bytes is the same bytes again, cut and put together too', () => {
  const random = new SeededRandom(7);
  for (let round = 0; round < 1_000; round++) {
    const bytes = Buffer.from(
      Array.from({ length: random.integer(0, 11) }, () =>
        random.chance(0.3) ? random.integer(0, 255) : random.pick([0xf0, 0x9f, 0x92, 0x80, 0xed, 0xa0]),
      ),
    );
    const path = pathFromBuffer(bytes);
    expect(pathFromExactText(exactText(path))).toBe(path);
    expect(pathFromExactText(`ü/${exactText(path)}.jpg`)).toBe(`${pathFromText('ü')}/${path}.jpg`);
  }
});
