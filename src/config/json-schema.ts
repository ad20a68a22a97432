import * as z from 'zod';
import { configSchema } from './schema.ts';

/** The schema for editors, as a JSON Schema (draft 7, which they all know). */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // Only a program can have a function.
      if (zodSchema._zod.def.type === 'custom') jsonSchema.not = {};
    },
  });
  return { title: 'Configuration of Syncline', ...schema };
}
