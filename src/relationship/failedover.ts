/** States in which the guest is where the replica was, or on its way home from there: no recovery point follows what it writes. */
export const FAILED_OVER: readonly number[] = [5, 6, 12, 13, 14];
