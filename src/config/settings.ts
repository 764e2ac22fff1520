/** What the environment says; the only place that reads it, beside cli.ts. */
export interface Environment {
  readonly store: string | undefined
  /** Colour and progress are for terminals only, and NO_COLOR is honoured. */
  readonly terminal: boolean
}

export const environment = (): Environment => ({
  store: process.env['CENSUS_STORE'] === '' ? undefined : process.env['CENSUS_STORE'],
  terminal: process.stderr.isTTY,
})
