/** Exit codes of the command line; the meaning of each is documented in README.md. */
export const exitCodes = {
  done: 0,
  failed: 1,
  wrongInput: 2,
  partial: 3,
  storeBusy: 4,
  gateRefused: 5,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * An error meant for the person at the terminal: `message` says what is wrong and where (file, line, field),
 * `hint` what to do about it. Anything else that is thrown is a defect of ours and exits with 1.
 */
export class CensusError extends Error {
  readonly exit: ExitCode
  readonly hint: string | undefined

  constructor(message: string, options: { exit: ExitCode; hint?: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CensusError'
    this.exit = options.exit
    this.hint = options.hint
  }
}

/** The command line, the configuration or an input file is wrong: nothing is written. */
export const wrongInput = (message: string, hint?: string): CensusError =>
  new CensusError(message, { exit: exitCodes.wrongInput, ...(hint === undefined ? {} : { hint }) })

/** The work could not be done; what was there before stands untouched. */
export const failed = (message: string, hint?: string, cause?: unknown): CensusError =>
  new CensusError(message, { exit: exitCodes.failed, cause, ...(hint === undefined ? {} : { hint }) })
