import { stringify } from 'yaml';

/** A configuration as the text of a file; `heading` is a comment on top, of one line. */
export function writeConfig(value: unknown, form: 'yaml' | 'ts', heading: string): string {
  if (form === 'yaml') return `# ${heading}\n${stringify(value, { lineWidth: 110 })}`;
  const lines = [
    `// ${heading}`,
    "import { defineConfig } from 'syncline';",
    '',
    `export default defineConfig(${literal(value, '')});`,
    '',
  ];
  return lines.join('\n');
}

/** JSON with plain keys and single quotes, as TypeScript is written. */
function literal(value: unknown, indent: string): string {
  const inside = `${indent}  `;
  if (typeof value === 'string') return quoted(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Array.isArray(value)
    ? value.map((one: unknown) => literal(one, inside))
    : Object.entries(value)
        .filter(([, one]) => one !== undefined)
        .map(
          ([key, one]) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key)}: ${literal(one, inside)}`,
        );
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${parts.map((part) => `${inside}${part},\n`).join('')}${indent}${close}`;
}

function quoted(text: string): string {
  const inside = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return inside.includes("'") ? JSON.stringify(text) : `'${inside}'`;
}
