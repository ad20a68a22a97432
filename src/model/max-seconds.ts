/** The longest time that a user may give: Node's timers take at most 2^31 - 1 ms. */
export const MAX_SECONDS = 1_000_000;
