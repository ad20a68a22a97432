/** Pauses between attempts: `firstMs`, then doubling, at most `maxMs`. */
export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The pause after the attempt with this number (from 1) has failed. */
export function pauseMs(backOff: BackOff, attempts: number): number {
  return Math.min(backOff.maxMs, backOff.firstMs * 2 ** Math.min(attempts - 1, 40));
}
