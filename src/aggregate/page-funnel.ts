import type { FunnelLimit, PageCell, PageRegion } from '../model/page.ts'
import { funnel, funnelLimits } from '../statistics/funnel.ts'

/** Lines between so many populations look like curves; those of the regions are among them, as who is outside is read off there. */
const points = 12
/** Fewer regions make no funnel. */
const fewestRegions = 5
/** A count beyond takes seconds to reckon with, and says nothing of chance. */
const mostCounted = 1e8

/**
 * The limits of a service's funnel, per 100,000 people, from the smallest region to the largest: the same populations for all
 * services of a view. Undefined where there is too little to draw one of: no rates, or nothing found.
 */
export function funnelCurve(
  regions: readonly PageRegion[],
  cells: readonly PageCell[],
): readonly FunnelLimit[] | undefined {
  const peopled = regions.flatMap(({ population = 0 }, index) => {
    const { count = 0, rate } = cells[index] ?? {}
    return population > 0 && rate !== undefined ? [{ count, population }] : []
  })
  const populations = regions.flatMap(({ population = 0 }) => (population > 0 ? [population] : []))
  const [least, most] = [Math.min(...populations), Math.max(...populations)]
  const counted = peopled.reduce((sum, { count }) => sum + count, 0)
  if (peopled.length < fewestRegions || counted === 0 || counted > mostCounted || least === most) return undefined
  const { rate, dispersion } = funnel(peopled) ?? { rate: 0, dispersion: 1 }
  const curve = Array.from({ length: points }, (_, nth) => Math.round(least * (most / least) ** (nth / (points - 1))))
  return [...new Set([...curve, ...populations])]
    .toSorted((a, b) => a - b)
    .map((population) => {
      const { inner, outer } = funnelLimits(rate, population, dispersion)
      return {
        population,
        low95: inner.low * 100_000,
        high95: inner.high * 100_000,
        low998: outer.low * 100_000,
        high998: outer.high * 100_000,
      }
    })
}
