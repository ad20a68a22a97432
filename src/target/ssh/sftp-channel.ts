import { pathFromText, pathToBuffer } from '../../model/path-bytes.ts';
import type { PathBytes } from '../../model/path-bytes.ts';
import type { MovableTree } from '../move/make-moves.ts';
import { ChildStream } from './child-stream.ts';
import type { StreamCommand } from './child-stream.ts';
import {
  initPacket,
  lstatPacket,
  makeDirectoryPacket,
  POSIX_RENAME,
  renamePacket,
  SftpAnswerReader,
  STATUS,
} from './sftp-packets.ts';
import type { SftpAnswer } from './sftp-packets.ts';

const S_IFDIR = 0o040000;
/** rsync gives a directory its own mode; until then nobody else need look in. */
const NEW_DIRECTORY_MODE = 0o700;

interface Waiting {
  readonly settle: (answer: SftpAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** The channel is gone or says nothing: it is not known whether what was asked for was done. */
export class SftpLost extends Error {}

/** A tree on the other side of an SFTP server. Every request has one answer, or ends the channel with {@link SftpLost}. */
export class SftpChannel implements MovableTree {
  readonly #root: PathBytes;
  readonly #answerMs: number;
  readonly #child: ChildStream;
  readonly #reader = new SftpAnswerReader();
  /** By id; the first answer, VERSION, has none and waits as -1. */
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #lost: SftpLost | undefined;
  #replaces = false;

  private constructor(command: StreamCommand, root: string, answerMs: number) {
    this.#root = pathFromText(root);
    this.#answerMs = answerMs;
    this.#child = new ChildStream(command, (chunk) => {
      this.#read(chunk);
    });
    void this.#child.ended.then(() => {
      this.#lose(`the connection ended${this.#child.said === '' ? '' : `: ${this.#child.said}`}`);
    });
  }

  /**
   * Starts the command and greets the server; `root` is a path there, relative to where it starts. Rejects with
   * {@link SftpLost} when it does not answer as an SFTP server does within `answerMs`; no child is left then.
   */
  static async open(command: StreamCommand, root: string, answerMs: number): Promise<SftpChannel> {
    const channel = new SftpChannel(command, root, answerMs);
    try {
      await channel.#greet();
      return channel;
    } catch (error) {
      await channel.end();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#lost === undefined;
  }

  async kindOf(path: PathBytes): Promise<'missing' | 'directory' | 'other'> {
    const answer = await this.#ask((id) => lstatPacket(id, this.#full(path)));
    if (answer.kind !== 'attributes') return 'missing';
    return answer.fileType === S_IFDIR ? 'directory' : 'other';
  }

  async makeDirectory(path: PathBytes): Promise<boolean> {
    return isOk(await this.#ask((id) => makeDirectoryPacket(id, this.#full(path), NEW_DIRECTORY_MODE)));
  }

  async rename(from: PathBytes, to: PathBytes): Promise<boolean> {
    const replaces = this.#replaces;
    return isOk(await this.#ask((id) => renamePacket(id, this.#full(from), this.#full(to), replaces)));
  }

  /** Ends the channel and its child; what waits for an answer is rejected. Idempotent. */
  async end(): Promise<void> {
    this.#lose('it was closed');
    await this.#child.end();
  }

  async #greet(): Promise<void> {
    const greeting = this.#wait(-1);
    this.#child.write(initPacket());
    const answer = await greeting;
    if (answer.kind !== 'version') throw new SftpLost('the server did not tell its version');
    this.#replaces = answer.extensions.includes(POSIX_RENAME);
  }

  #ask(packetOf: (id: number) => Buffer): Promise<SftpAnswer> {
    const id = this.#nextId;
    this.#nextId = (id + 1) % 0x1_0000_0000;
    const answer = this.#wait(id);
    if (this.#lost === undefined) this.#child.write(packetOf(id));
    return answer;
  }

  #wait(id: number): Promise<SftpAnswer> {
    return new Promise((settle, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      const timer = setTimeout(() => {
        this.#lose(`no answer for ${this.#answerMs / 1000} s`);
      }, this.#answerMs);
      this.#waiting.set(id, { settle, reject, timer });
    });
  }

  #read(chunk: Buffer): void {
    try {
      for (const answer of this.#reader.push(chunk)) this.#settle(answer);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#lose(error.message);
    }
  }

  #settle(answer: SftpAnswer): void {
    const id = answer.kind === 'version' ? -1 : answer.id;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.settle(answer);
  }

  #lose(why: string): void {
    this.#lost ??= new SftpLost(why);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(this.#lost);
    }
    this.#waiting.clear();
    void this.#child.end();
  }

  #full(path: PathBytes): Buffer {
    const root = this.#root === '' ? '.' : this.#root === '/' ? '' : this.#root;
    return pathToBuffer(`${root}/${path}` as PathBytes);
  }
}

function isOk(answer: SftpAnswer): boolean {
  return answer.kind === 'status' && answer.code === STATUS.ok;
}
