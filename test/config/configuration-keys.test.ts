import { readFileSync } from 'node:fs';
import { format } from 'prettier';
import { expect, test } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { lsyncdKey } from '../../src/config/lsyncd-names.ts';
import { projectRoot } from '../support/project-root.ts';

interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly pattern?: string;
  readonly not?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
}

const root = configJsonSchema() as unknown as Schema & {
  readonly definitions: Readonly<Record<string, Schema>>;
};

function referenced(schema: Schema): string | undefined {
  return [schema, ...(schema.allOf ?? [])].map(({ $ref }) => $ref?.replace(/.*\//, '')).find((name) => name);
}

function typeText(schema: Schema): string {
  const group = referenced(schema);
  if (group !== undefined) return `[${group}](#${group})`;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.not) return 'a function';
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? typeText(schema.items) : 'text'}`;
  const { type = 'object', minimum, maximum } = schema;
  const range = minimum === undefined || maximum === undefined ? '' : ` ${minimum} to ${maximum}`;
  return `${{ string: 'text', boolean: 'true or false', integer: 'whole number' }[type] ?? type}${range}`;
}

function rows({ properties = {} }: Schema, without: readonly string[] = []): string[] {
  return Object.entries(properties)
    .filter(([name]) => !without.includes(name))
    .map(([name, schema]) => {
      const initial =
        schema.default === undefined ? '' : `\`${JSON.stringify(schema.default).replaceAll('"', '')}\``;
      return `| \`${name}\` | ${typeText(schema)} | ${initial} | ${schema.description ?? ''} |`;
    });
}

function table(schema: Schema, without?: readonly string[]): string {
  return ['| key | value | default | meaning |', '| --- | --- | --- | --- |', ...rows(schema, without)].join(
    '\n',
  );
}

const options = root.properties?.defaults ?? {};
const optionNames = Object.keys(options.properties ?? {});
const sync = root.properties?.syncs?.items ?? {};
const kinds = (sync.properties?.targets?.items?.anyOf ?? []).flatMap(({ oneOf = [] }) => oneOf);

test('docs/configuration-keys.md has all keys of the schema (vitest -u writes it)', async () => {
  const page = [
    '# Keys of the configuration',
    'Made from the schema. How they are used: [configuration.md](configuration.md).',
    '## The whole',
    table(root),
    '## log',
    table(root.properties?.log ?? {}),
    '## A sync',
    `Besides the [options](#options):`,
    table(sync, optionNames),
    '## A target',
    'A text, or an object with one of these kinds and, besides its own keys, [options](#options) for it alone.',
    ...kinds.flatMap((kind) => [
      `### Kind ${kind.properties?.kind?.const ?? ''}`,
      table(kind, [...optionNames]),
      ...unusedIn(kind).map((names) => `All options but ${names}.`),
    ]),
    '## Options',
    'In `defaults`, a sync or a target.',
    table(options),
    ...Object.entries(root.definitions).flatMap(([name, schema]) => [`## ${name}`, table(schema)]),
  ].join('\n\n');
  const formatted = await format(page, { parser: 'markdown', printWidth: 110 });
  await expect(formatted).toMatchFileSnapshot(`${projectRoot}/docs/configuration-keys.md`);
});

function unusedIn(kind: Schema): string[] {
  const names = optionNames.filter((name) => !(name in (kind.properties ?? {})));
  return names.length === 0 ? [] : [names.map((name) => `\`${name}\``).join(', ')];
}

/** `rsync.extra`, `delay`, `kind`: every key, with that of its group in front and without. */
function allKeys(schema: Schema, above: readonly string[] = []): string[] {
  const group = referenced(schema);
  const resolved = group === undefined ? schema : (root.definitions[group] ?? {});
  const inner = [
    ...(resolved.anyOf ?? []),
    ...(resolved.oneOf ?? []),
    ...(resolved.items ? [resolved.items] : []),
  ];
  return [
    ...inner.flatMap((one) => allKeys(one, above)),
    ...Object.entries(resolved.properties ?? {}).flatMap(([name, one]) => {
      const path = [...above, name];
      return [...path.map((_part, index) => path.slice(index).join('.')), ...allKeys(one, path)];
    }),
  ];
}

test("what docs/configuration.md says Lsyncd's keys are called here are keys", () => {
  const keys = new Set(allKeys(root));
  const page = readFileSync(`${projectRoot}/docs/configuration.md`, 'utf8');
  const [, section = ''] = page.split("## Lsyncd's keys");
  const ours = [...section.matchAll(/^\|[^|]*\|([^|]*)\|$/gm)]
    .slice(2)
    .flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) =>
        text.replace(/:.*/, '').replace('syncs[].', ''),
      ),
    );
  expect(ours.length).toBeGreaterThan(15);
  expect(ours.filter((key) => key !== 'ssh' && !keys.has(key))).toEqual([]);
});

test.each([
  ['syncs', 'init', 'initial'],
  ['defaults', 'maxDelays', 'maxNames'],
  ['targets', 'targetdir', 'directory'],
  ['rsync', 'hard_links', 'attributes.hardLinks of the sync'],
  ['ssh', 'identityFile', 'identity'],
  ['hooks', 'init', undefined],
])('in %j of Lsyncd %s is told to be %s here', (group, key, ours) => {
  expect(lsyncdKey(key, group)).toBe(ours);
  if (ours !== undefined) expect(allKeys(root)).toContain(ours.replace(/ of the sync$/, ''));
});
