import type { Proxy } from 'fengari';

/** A text as Lua has it: any bytes, one character (latin1) a byte. */
export type LuaBytes = string;

/** Something that lives in a Lua state; equal ones are one object. */
export class LuaReference {
  /** `push` puts it on a stack; the state that made it alone uses it. */
  constructor(
    readonly type: 'table' | 'function' | 'userdata' | 'thread',
    readonly push: Proxy,
  ) {}
}

/** A value of Lua; nil is undefined. */
export type LuaValue = undefined | boolean | number | LuaBytes | LuaReference;

export function isTable(value: LuaValue): value is LuaReference {
  return value instanceof LuaReference && value.type === 'table';
}

export function isFunction(value: LuaValue): value is LuaReference {
  return value instanceof LuaReference && value.type === 'function';
}

/** What Lua calls the type of a value. */
export function luaType(value: LuaValue): string {
  if (value === undefined) return 'nil';
  return value instanceof LuaReference ? value.type : typeof value;
}

/** A value as text: what `tostring` makes of texts, numbers and booleans; else what it is. */
export function bytesOfValue(value: LuaValue): LuaBytes {
  return value === undefined || value instanceof LuaReference ? luaType(value) : String(value);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text that bytes are in UTF-8; undefined if they are not. */
export function textOfBytes(bytes: LuaBytes): string | undefined {
  try {
    return decoder.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

export function bytesOfText(text: string): LuaBytes {
  return Buffer.from(text, 'utf8').toString('latin1');
}
