/**
 * The few packets of SFTP version 3 (draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL for the extension) that moves
 * take. A packet is its length (4 bytes), its type (1), an id (4) or for INIT and VERSION the version, then the rest. A
 * string is its length (4 bytes) and its bytes, and a name is any bytes.
 */
const TYPE = {
  init: 1,
  version: 2,
  lstat: 7,
  mkdir: 14,
  rename: 18,
  status: 101,
  attributes: 105,
  extended: 200,
} as const;

const PROTOCOL_VERSION = 3;
/** rename(2), which replaces what is there; the plain request of version 3 refuses that. */
export const POSIX_RENAME = 'posix-rename@openssh.com';
/** No server sends more (OpenSSH: 256 KiB); anything above is not SFTP, such as the greeting of a shell. */
const MAX_PACKET_BYTES = 256 * 1024;
const HAS_SIZE = 1;
const HAS_OWNER = 2;
const HAS_PERMISSIONS = 4;

/** `SSH_FX_…`: what a status says. Others are further refusals. */
export const STATUS = { ok: 0, noSuchFile: 2 } as const;

/** What a server sends. Of `attributes` the file type alone is read, as `st_mode & S_IFMT`; undefined if it is not sent. */
export type SftpAnswer =
  | { readonly kind: 'version'; readonly version: number; readonly extensions: readonly string[] }
  | { readonly kind: 'status'; readonly id: number; readonly code: number }
  | { readonly kind: 'attributes'; readonly id: number; readonly fileType: number | undefined };

/** The first packet of a client. */
export function initPacket(): Buffer {
  return packet(TYPE.init, PROTOCOL_VERSION);
}

export function lstatPacket(id: number, path: Buffer): Buffer {
  return packet(TYPE.lstat, id, string(path));
}

/** Makes a directory with this mode. */
export function makeDirectoryPacket(id: number, path: Buffer, mode: number): Buffer {
  return packet(TYPE.mkdir, id, string(path), uint32(HAS_PERMISSIONS), uint32(mode));
}

/** rename(2) where the server has {@link POSIX_RENAME}, else the request that replaces nothing. */
export function renamePacket(id: number, from: Buffer, to: Buffer, replaces: boolean): Buffer {
  return replaces
    ? packet(TYPE.extended, id, string(Buffer.from(POSIX_RENAME)), string(from), string(to))
    : packet(TYPE.rename, id, string(from), string(to));
}

function packet(type: number, idOrVersion: number, ...rest: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.of(type), uint32(idOrVersion), ...rest]);
  return Buffer.concat([uint32(body.length), body]);
}

function string(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Cuts what a server sends into answers. Throws a RangeError for what is no answer to the requests above. */
export class SftpAnswerReader {
  #pending = Buffer.alloc(0);

  /** The answers that are complete with this piece of the stream, in order. */
  push(chunk: Buffer): SftpAnswer[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const answers: SftpAnswer[] = [];
    while (this.#pending.length >= 4) {
      const length = this.#pending.readUInt32BE(0);
      if (length < 5 || length > MAX_PACKET_BYTES)
        throw new RangeError(`a packet of ${length} bytes: this is not SFTP`);
      if (this.#pending.length < 4 + length) break;
      answers.push(parseAnswer(this.#pending.subarray(4, 4 + length)));
      this.#pending = this.#pending.subarray(4 + length);
    }
    return answers;
  }
}

function parseAnswer(body: Buffer): SftpAnswer {
  const type = body.readUInt8(0);
  const id = body.readUInt32BE(1);
  switch (type) {
    case TYPE.version:
      return { kind: 'version', version: id, extensions: extensionNames(body) };
    case TYPE.status:
      return { kind: 'status', id, code: body.readUInt32BE(5) };
    case TYPE.attributes:
      return { kind: 'attributes', id, fileType: fileType(body) };
    default:
      throw new RangeError(`a packet of type ${type} that nobody asked for`);
  }
}

/** Pairs of strings: name and version of each extension. */
function extensionNames(body: Buffer): string[] {
  const names: string[] = [];
  for (let at = 5; at < body.length;) {
    const nameEnd = at + 4 + body.readUInt32BE(at);
    names.push(body.toString('latin1', at + 4, nameEnd));
    at = nameEnd + 4 + body.readUInt32BE(nameEnd);
  }
  return names;
}

function fileType(body: Buffer): number | undefined {
  const flags = body.readUInt32BE(5);
  if ((flags & HAS_PERMISSIONS) === 0) return undefined;
  const at = 9 + ((flags & HAS_SIZE) === 0 ? 0 : 8) + ((flags & HAS_OWNER) === 0 ? 0 : 8);
  return body.readUInt32BE(at) & 0o170000;
}
