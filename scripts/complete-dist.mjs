/** What tsc leaves out of the program: Lua files, and the JSON Schema of the configuration. The last part of the build. */
import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from '../dist/config/json-schema.js';

const lua = 'config/lsyncd/';
const [from, to] = [new URL(`../src/${lua}`, import.meta.url), new URL(`../dist/${lua}`, import.meta.url)];
for (const name of readdirSync(from))
  if (name.endsWith('.lua')) copyFileSync(new URL(name, from), new URL(name, to));

const schema = new URL('../dist/syncline.schema.json', import.meta.url);
writeFileSync(schema, `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
