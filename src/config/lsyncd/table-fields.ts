import { isTable, type LuaBytes, LuaReference, luaType, type LuaValue, textOfBytes } from './lua-value.ts';
import type { LuaState } from './lua-state.ts';

/** No value goes so far down: whole numbers of this Lua have 32 bits, and what went above them is below 0. */
const WRAPPED = -1_000_000;

/** Values of a Lua table by key, each of a kind; what is of another kind is told of and left out. */
export class TableFields {
  readonly #state: LuaState;
  readonly #entries: ReadonlyMap<LuaValue, LuaValue>;
  readonly #prefix: string;
  readonly #problem: (message: string) => void;

  /** `prefix` stands before every key in what is told to `problem`. */
  constructor(
    state: LuaState,
    table: LuaReference | undefined,
    prefix: string,
    problem: (message: string) => void,
  ) {
    this.#state = state;
    this.#entries = table === undefined ? new Map<LuaValue, LuaValue>() : state.entries(table);
    this.#prefix = prefix;
    this.#problem = problem;
  }

  get keys(): readonly string[] {
    return [...this.#entries.keys()].filter((key) => typeof key === 'string');
  }

  get entries(): ReadonlyMap<LuaValue, LuaValue> {
    return this.#entries;
  }

  raw(key: string): LuaValue {
    return this.#entries.get(key);
  }

  /** As Lua has it: everything but false and nil is true. */
  flag(key: string): boolean | undefined {
    const value = this.raw(key);
    return value === undefined ? undefined : value !== false;
  }

  /** Texts that are numbers too. */
  number(key: string): number | undefined {
    const value = this.raw(key);
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number < WRAPPED) {
      this.refuse(key, `found ${number}: a product of whole numbers wraps at 2^31; write it as in 2^31`);
      return undefined;
    }
    if (number === undefined || (typeof number === 'number' && !Number.isNaN(number))) return number;
    this.#refuse(key, value, 'a number');
    return undefined;
  }

  /** Numbers too. */
  text(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') {
      this.#refuse(key, value, 'a text');
      return undefined;
    }
    return this.#decode(key, value);
  }

  /** A list of texts, or one text. */
  texts(key: string): readonly string[] | undefined {
    const value = this.raw(key);
    if (value === undefined || value === false) return undefined;
    if (!isTable(value)) {
      const text = this.text(key);
      return text === undefined ? undefined : [text];
    }
    const list = this.#state.entries(value);
    const texts: string[] = [];
    for (let index = 1; list.has(index); index++) {
      const one = list.get(index);
      if (typeof one === 'string' || typeof one === 'number') {
        const text = this.#decode(`${key}[${index}]`, String(one));
        if (text !== undefined) texts.push(text);
      } else this.#refuse(`${key}[${index}]`, one, 'a text');
    }
    return texts;
  }

  /** The fields of a table in this one; none if it is not there or false. */
  table(key: string): TableFields {
    const value = this.raw(key);
    if (value !== undefined && value !== false && !isTable(value)) this.#refuse(key, value, 'a table');
    return new TableFields(
      this.#state,
      isTable(value) ? value : undefined,
      `${this.#prefix}${key}.`,
      this.#problem,
    );
  }

  refuse(key: string, message: string): void {
    this.#problem(`${this.#prefix}${key}: ${message}`);
  }

  #decode(key: string, bytes: LuaBytes): string | undefined {
    const text = textOfBytes(bytes);
    if (text !== undefined && !text.includes('\0')) return text;
    this.#problem(
      `${this.#prefix}${key}: it is not UTF-8; names in other bytes can stand in a file for excludeFrom or filterFrom`,
    );
    return undefined;
  }

  #refuse(key: string, value: LuaValue, allowed: string): void {
    const found =
      value instanceof LuaReference || value === undefined ? luaType(value) : JSON.stringify(value);
    this.#problem(`${this.#prefix}${key}: found ${found}; allowed: ${allowed}`);
  }
}
