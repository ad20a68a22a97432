import { describe, expect, test } from 'vitest';
import {
  initPacket,
  lstatPacket,
  makeDirectoryPacket,
  renamePacket,
  SftpAnswerReader,
} from '../../../src/target/ssh/sftp-packets.ts';

const hex = (bytes: Buffer): string =>
  bytes
    .toString('hex')
    .replace(/(.{8})/g, '$1 ')
    .trim();
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('requests', () => {
  test('begin with their length, type and id, and hold names as they are', () => {
    expect(hex(initPacket())).toBe('00000005 01000000 03');
    expect(hex(lstatPacket(7, bytes('ff0a27')))).toBe('0000000c 07000000 07000000 03ff0a27');
    expect(hex(makeDirectoryPacket(1, Buffer.from('d'), 0o700))).toBe(
      '00000012 0e000000 01000000 01640000 00040000 01c0',
    );
  });

  test('to rename replace what is there only where the server can', () => {
    expect(hex(renamePacket(2, Buffer.from('a'), Buffer.from('b'), false))).toBe(
      '0000000f 12000000 02000000 01610000 000162',
    );
    const replacing = renamePacket(2, Buffer.from('a'), Buffer.from('b'), true);
    expect(replacing.toString('latin1')).toBe(
      '\0\0\0\x2b\xc8\0\0\0\x02\0\0\0\x18posix-rename@openssh.com\0\0\0\x01a\0\0\0\x01b',
    );
    expect(replacing.length).toBe(4 + replacing.readUInt32BE(0));
  });
});

const VERSION = Buffer.concat([
  bytes('00000030 02 00000003 00000018'),
  Buffer.from('posix-rename@openssh.com'),
  bytes('00000001 31 00000002'),
  Buffer.from('x@'),
  bytes('00000000'),
]);
VERSION.writeUInt32BE(VERSION.length - 4);
const STATUS = bytes('00000011 65 00000009 00000002 00000000 00000000');
/** With size, owner, permissions (a directory) and times. */
const ATTRIBUTES = bytes(
  '00000025 69 0000000a 0000000f 0000000000001000 00000001 00000002 000041ed 00000003 00000004',
);
const EXPECTED = [
  { kind: 'version', version: 3, extensions: ['posix-rename@openssh.com', 'x@'] },
  { kind: 'status', id: 9, code: 2 },
  { kind: 'attributes', id: 10, fileType: 0o040000 },
];

describe('answers', () => {
  test.each([1, 2, 3, 7, 1000])('are read whole from pieces of %i bytes', (size) => {
    const all = Buffer.concat([VERSION, STATUS, ATTRIBUTES]);
    const reader = new SftpAnswerReader();
    const answers: unknown[] = [];
    for (let at = 0; at < all.length; at += size) answers.push(...reader.push(all.subarray(at, at + size)));
    expect(answers).toEqual(EXPECTED);
  });

  test('tell no file type where the server sends no permissions', () => {
    const [answer] = new SftpAnswerReader().push(bytes('00000009 69 00000001 00000000'));
    expect(answer).toEqual({ kind: 'attributes', id: 1, fileType: undefined });
  });

  test.each([
    ['the text of a login shell', Buffer.from('Welcome to this host!\n')],
    ['a length of nothing', bytes('00000000 65')],
    ['a type nobody asked for', bytes('00000005 68 00000001')],
    ['a status that is cut short', bytes('00000005 65 00000001')],
  ])('that are %s are refused', (_what, chunk) => {
    expect(() => new SftpAnswerReader().push(chunk)).toThrow(RangeError);
  });
});
