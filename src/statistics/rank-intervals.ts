import { requireCell } from './domain.ts'
import { poissonInterval, type Interval } from './poisson.ts'
import { ranks, type Cell } from './rates.ts'

/**
 * For every region that `ranks` ranks, the ranks its true rate may have among them: all of these at once in at least 95
 * of 100 counts. A region is surely behind those whose interval lies wholly above its own, and surely ahead of those
 * whose interval lies wholly below (Klein, Wright and Wieczorek, Journal of the Royal Statistical Society C 69, 2020,
 * 589–606). Of the known methods this is the one that needs neither random numbers nor large counts: regions are
 * independent, so exact intervals of 0.95^(1/K) each hold together for all K of known population.
 * @returns in the order given; undefined where there is no rank
 * @throws RangeError for counts or populations that are no whole numbers from 0, and for more than 2,500 regions
 */
export function rankIntervals(cells: readonly Cell[]): (Interval | undefined)[] {
  for (const cell of cells) requireCell(cell)
  const peopled = cells.filter((cell) => cell.population > 0).length
  const tail = (1 - 0.95 ** (1 / Math.max(1, peopled))) / 2
  const place = ranks(cells)
  const rates = cells.map(({ count, population }, index) => {
    if (place[index] === undefined) return undefined
    const { low, high } = poissonInterval(count, tail)
    return { low: low / population, high: high / population }
  })
  const ranked = rates.filter((rate) => rate !== undefined)
  return rates.map(
    (own) =>
      own && {
        low: 1 + ranked.filter((other) => other.low > own.high).length,
        high: ranked.length - ranked.filter((other) => other.high < own.low).length,
      },
  )
}
