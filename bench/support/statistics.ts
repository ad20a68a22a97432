/** The middle value (the mean of the two middle ones); throws a RangeError without values. */
export function median(values: readonly number[]): number {
  return (percentile(values, 50, Math.floor) + percentile(values, 50, Math.ceil)) / 2;
}

/** The value below which `percent` of the values lie: an observed one, the next above by default. */
export function percentile(values: readonly number[], percent: number, round = Math.ceil): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[round((percent / 100) * (sorted.length - 1))];
  if (value === undefined) throw new RangeError('no values');
  return value;
}
