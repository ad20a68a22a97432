import * as z from 'zod';
import { configSchema } from './schema.ts';

/** The schema for editors, as a JSON Schema (draft 7, which they all know). */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return { title: 'Configuration of Syncline', ...schema };
}
