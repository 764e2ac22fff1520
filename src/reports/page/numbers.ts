/** A whole number with thousands separators; a dash where there is none. The page's script does the same (data/page/tables.js). */
export const whole = (value: number | undefined): string =>
  value === undefined ? none : String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')

/** Three significant digits. */
export const rounded = (value: number): number => Number(value.toPrecision(3))

/** A rate or ratio, of three significant digits; whole from 1,000 on. */
export const decimal = (value: number | undefined): string =>
  value === undefined ? none : value === 0 ? '0' : value >= 999.5 ? whole(Math.round(value)) : value.toPrecision(3)

/** Two ends of an interval. */
export const interval = (low: number | undefined, high: number | undefined): string =>
  low === undefined || high === undefined ? none : `${decimal(low)} – ${decimal(high)}`

export const none = '–'

const nice = [1, 1.2, 1.6, 2, 2.4, 3, 4, 6, 8, 10]

/** The end of an axis that goes on from 0 to `most` and has round quarters. */
export function axisEnd(most: number): number {
  if (!(most > 0) || !Number.isFinite(most)) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return rounded((nice.find((each) => each * power >= most) ?? 10) * power)
}

/** Five labels from 0 to the end of an axis. */
export const quarters = (end: number): string[] =>
  [0, 1, 2, 3, 4].map((quarter) => {
    const value = rounded((end * quarter) / 4)
    return value >= 1000 ? whole(value) : String(value)
  })

/** A difference, with its sign. */
export const signed = (value: number | undefined): string =>
  value === undefined ? none : value < 0 ? `-${whole(-value)}` : value > 0 ? `+${whole(value)}` : '0'
