import { isUtf8 } from 'node:buffer';
import { displayPath, type PathBytes, pathToBuffer } from '../model/path-bytes.ts';

/**
 * A path as fields of a JSON object: under `field` if it is valid UTF-8; else shown there as {@link displayPath} does,
 * with its exact bytes in base64 beside it, under the name with `Base64` behind it.
 */
export function jsonPath(field: string, path: PathBytes): Record<string, string> {
  const bytes = pathToBuffer(path);
  if (isUtf8(bytes)) return { [field]: bytes.toString('utf8') };
  return { [field]: displayPath(path), [`${field}Base64`]: bytes.toString('base64') };
}
