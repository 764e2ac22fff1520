import { InvalidArgumentError, Option } from 'commander'

/* Options that several commands take. */

/** Reads a whole number within bounds. */
export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`a whole number from ${least} to ${most} is due.`)
    return value
  }

export const maxRecordBytes = new Option('--max-record-bytes <N>', 'reject records longer than this')
  .default(16 * 2 ** 20)
  .argParser(whole(1024, 2 ** 29))
export const maxExpansion = new Option(
  '--max-expansion <N>',
  'refuse compressed files that expand to more than N times their size',
)
  .default(300)
  .argParser(whole(1, 1_000_000))
export const regionTables = new Option('--region-tables <DIR>', 'folder with region tables of your own (CSV)')
export const addressDatabase = new Option(
  '--address-database <FILE>',
  'MaxMind-format city database to use instead of DB-IP’s',
)
