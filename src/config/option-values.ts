import * as z from 'zod';
import { parseByteSize } from '../model/byte-size.ts';
import { MAX_SECONDS } from '../model/max-seconds.ts';
import { crontabProblem } from './crontab.ts';

/*
 * The values of options. The message of every schema says what is allowed, and of an object which keys: explain-issues.ts
 * puts in front what was found.
 */

/** Seconds with decimals; more than 0 if `isPositive`. */
export function seconds(isPositive = false): z.ZodNumber {
  const allowed = isPositive
    ? `seconds: a number above 0, at most ${MAX_SECONDS}`
    : `seconds: a number from 0 to ${MAX_SECONDS}`;
  const number = z.number(allowed).max(MAX_SECONDS, allowed);
  return isPositive ? number.gt(0, allowed) : number.min(0, allowed);
}

export function wholeNumber(min: number, max: number): z.ZodNumber {
  const allowed = `a whole number from ${min} to ${max}`;
  return z.number(allowed).int(allowed).min(min, allowed).max(max, allowed);
}

export function flag(): z.ZodBoolean {
  return z.boolean('true or false');
}

/** Text that is not empty and holds no NUL. */
export function text(what: string): z.ZodString {
  return z.string(what).regex(/^[^\0]+$/, what);
}

export function oneOf<const T extends readonly [string, ...string[]]>(
  values: T,
): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(values, values.join(', '));
}

/** One text, or a list of them. */
export function texts(what: string): z.ZodUnion<[z.ZodString, z.ZodArray<z.ZodString>]> {
  const allowed = `${what}, or a list of them`;
  return z.union([text(what), z.array(text(what), allowed)], allowed);
}

/** rsync's notation for a rate, or a number of KiB a second. */
export function rate(): z.ZodUnion<[z.ZodNumber, z.ZodString]> {
  const allowed = 'a rate as in 500 (KiB a second), 1.5M or 2G';
  return z.union(
    [z.number(allowed).positive(allowed), z.string(allowed).regex(/^\d+(\.\d+)?([kmgt](i?b)?)?$/i, allowed)],
    allowed,
  );
}

/** A number of bytes, or with K, M, G or T of 1024 behind it. */
export function size(): z.ZodUnion<[z.ZodNumber, z.ZodString]> {
  const allowed = 'a size as in 500K, 64M or 2G, at least 1 byte';
  return z.union(
    [
      z.number(allowed).int(allowed).min(1, allowed),
      z.string(allowed).refine((text) => parseByteSize(text) !== undefined, allowed),
    ],
    allowed,
  );
}

/** `500` (names) or `20%` (of the names on the target). */
export function deleteLimit(): z.ZodUnion<[z.ZodNumber, z.ZodString]> {
  const allowed = 'a number of names as in 500, or a percentage as in 20%';
  const number = z.number(allowed).int(allowed).min(0, allowed).max(999_999_999, allowed);
  return z.union([number, z.string(allowed).regex(/^(?:\d{1,2}|100)%$/, allowed)], allowed);
}

/** One time of cron, or a list of them. */
export function crontabTexts(): z.ZodUnion<[z.ZodString, z.ZodArray<z.ZodString>]> {
  const allowed = 'a time of cron as in "0 3 * * *", or a list of them';
  const time = z.string(allowed).superRefine((given, context) => {
    const message = crontabProblem(given);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
  return z.union([time, z.array(time, allowed)], {
    error: ({ input }) => (typeof input === 'string' ? crontabProblem(input) : undefined) ?? allowed,
  });
}

/** A program by its path or name, or a list of a program and its arguments. No shell reads it. */
export function command(): z.ZodUnion<[z.ZodString, z.ZodArray<z.ZodString>]> {
  const allowed = 'a program, or a list of a program and its arguments as in ["sh", "-c", "date >> log"]';
  const word = z.string(allowed).regex(/^[^\0]*$/, allowed);
  return z.union([text(allowed), z.array(word, allowed).min(1, allowed)], allowed);
}

/** A text for `sh`, or a list of a program and its arguments, which no shell reads. */
export function shellCommand(): z.ZodUnion<[z.ZodString, z.ZodArray<z.ZodString>]> {
  const allowed = 'a text for sh, or a list of a program and its arguments as in [ssh, -N, host]';
  const word = z.string(allowed).regex(/^[^\0]*$/, allowed);
  return z.union([text(allowed), z.array(word, allowed).min(1, allowed)], allowed);
}

/** A function, which only a configuration in TypeScript or JavaScript can have. */
export function runnable<T>(what: string): z.ZodCustom<T, T> {
  return z.custom<T>((value) => typeof value === 'function', what);
}

/** An object with these keys and no others. */
export function keys<T extends z.core.$ZodLooseShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  const names = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? names : `keys: ${names}`),
  });
}
