/** What the process tells whoever started it. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** Something that was asked for could not be done here and was left out, saying so. */
  skipped: 3,
  interrupted: 130,
  terminated: 143,
} as const

/** One of {@link EXIT}. */
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT]
