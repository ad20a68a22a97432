import type { Position } from '../config-document.ts';

/** A place in a Lua file. */
export interface LuaPlace extends Position {
  /** As it is to be shown. */
  readonly file: string;
}

/** What Lua code failed with: one line, and where in which file, as far as that is known. */
export class LuaFailure extends Error {
  override readonly name = 'LuaFailure';

  constructor(
    message: string,
    readonly place?: LuaPlace,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** `FILE:LINE: MESSAGE`. */
  get line(): string {
    return this.place === undefined ? this.message : `${this.place.file}:${this.place.line}: ${this.message}`;
  }
}

/** The configuration has ended the program, by `os.exit` or `terminate`. */
export class LuaExit extends Error {
  override readonly name = 'LuaExit';

  constructor(
    readonly exitStatus: number,
    readonly place: LuaPlace | undefined,
  ) {
    super(`it ended the program with ${exitStatus}`);
  }

  /** `FILE:LINE: MESSAGE`. */
  get line(): string {
    return new LuaFailure(this.message, this.place).line;
  }
}
