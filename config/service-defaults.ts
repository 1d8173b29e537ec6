/** What an instrumented service has unless it says otherwise. */
export const serviceDefaults = {
  /** Memory limit in MiB. */
  memoryMib: 128,
} as const;
