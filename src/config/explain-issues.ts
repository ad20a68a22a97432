import type * as z from 'zod';
import type { ConfigDocument, ConfigPath } from './config-document.ts';
import { type ConfigProblem, problemAt } from './config-error.ts';
import { lsyncdKey } from './lsyncd-names.ts';
import { nearest } from './nearest.ts';

type Issue = z.core.$ZodIssue;

/** What zod found, as problems: what stands there, what may, and the nearest right spelling. */
export function explainIssues(issues: readonly Issue[], document: ConfigDocument): readonly ConfigProblem[] {
  return issues.flatMap((issue) => explain(issue, [], document));
}

function explain(issue: Issue, above: ConfigPath, document: ConfigDocument): readonly ConfigProblem[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(key, issue.message, path, document));
  if (issue.code === 'invalid_key') {
    return [problemAt(document, path, `unknown key; allowed: ${issue.issues[0]?.message ?? ''}`, 'key')];
  }
  const found = valueAt(document.value, path);
  const branch = issue.code === 'invalid_union' ? likelyBranch(issue.errors, found) : undefined;
  if (branch !== undefined) return branch.flatMap((inner) => explain(inner, path, document));
  if (found === undefined) return [problemAt(document, path, `missing; allowed: ${issue.message}`)];
  const shown = `found ${show(found)}; allowed: ${issue.message}`;
  const meant = typeof found === 'string' ? nearestValue(found, issue.message) : undefined;
  return [problemAt(document, path, meant === undefined ? shown : `${shown}; did you mean ${meant}?`)];
}

/** The branch of a union that the value was meant for: the one that takes its kind of value at all. */
function likelyBranch(branches: readonly (readonly Issue[])[], found: unknown): readonly Issue[] | undefined {
  if (typeof found !== 'object' || found === null) return undefined;
  return branches.find(
    (issues) =>
      issues.length > 0 && !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
}

/** `allowed` holds the names of all keys there, with commas between. */
function unknownKey(key: string, allowed: string, path: ConfigPath, document: ConfigDocument): ConfigProblem {
  const names = allowed.split(', ');
  const inside = path.findLast((part) => typeof part === 'string') ?? '';
  const meant = lsyncdKey(key, inside) ?? nearest(key, names);
  const advice = meant === undefined ? `allowed: ${allowed}` : `did you mean ${meant}?`;
  return problemAt(document, [...path, key], `unknown key; ${advice}`, 'key');
}

/** YAML 1.2 has no other words for these. */
const TRUTH: Readonly<Record<string, string>> = { yes: 'true', on: 'true', no: 'false', off: 'false' };

function nearestValue(found: string, allowed: string): string | undefined {
  if (allowed === 'true or false') return TRUTH[found.toLowerCase()] ?? nearest(found, ['true', 'false']);
  const names = allowed.split(', ');
  return names.length > 1 && names.every((name) => /^\w+$/.test(name)) ? nearest(found, names) : undefined;
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined),
    value,
  );
}

const MAX_SHOWN = 60;

/** A value of the configuration for people. */
function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  const text =
    typeof value === 'bigint' ? `${value}` : ((JSON.stringify(value) as string | undefined) ?? typeof value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}
