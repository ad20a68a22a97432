/**
 * What is no module of the program: Lua files, compiled, and the JSON Schema of the configuration; its programs can be run,
 * for an installation that is a link to here. The last part of the build.
 */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import fengari from 'fengari';
import { createJiti } from 'jiti';

const { import: load } = createJiti(import.meta.url);
const { configJsonSchema } = await load('../src/config/json-schema.ts');
const { OWN_CHUNK } = await load('../src/config/lsyncd/own-chunk.ts');

const { lua, lauxlib, to_luastring: luaString } = fengari;

/** The Lua file as `string.dump` has it, with its line numbers: to read it takes a fraction of the time of its text. */
function compiled(name, text) {
  const state = lauxlib.luaL_newstate();
  if (lauxlib.luaL_loadbuffer(state, text, text.length, luaString(`${OWN_CHUNK}${name}`)) !== lua.LUA_OK)
    throw new Error(lua.lua_tojsstring(state, -1));
  const parts = [];
  const keep = (_state, bytes, size) => {
    parts.push(Uint8Array.from(bytes.subarray(0, size)));
    return 0;
  };
  lua.lua_dump(state, keep, undefined, false);
  return Buffer.concat(parts);
}

const [from, to] = [new URL('../src/config/lsyncd/', import.meta.url), new URL('../dist/', import.meta.url)];
for (const name of readdirSync(from).filter((file) => file.endsWith('.lua')))
  writeFileSync(new URL(`${name}c`, to), compiled(name, new Uint8Array(readFileSync(new URL(name, from)))));

writeFileSync(new URL('syncline.schema.json', to), `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);

const { bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
for (const file of Object.values(bin)) chmodSync(new URL(`../${file}`, import.meta.url), 0o755);
