import { comparisonViews } from '../../src/aggregate/comparison-views.ts'
import { withChance, type ComparedCell, type ComparedRow } from '../../src/aggregate/comparison.ts'
import { loadRegions } from '../../src/locate/regions.ts'
import { changeKinds, gains, losses, noChange, type Change } from '../../src/model/change.ts'
import type { ComparisonFacts } from '../../src/model/comparison-page.ts'
import { loadServices } from '../../src/recognise/service.ts'

export interface SyntheticComparison {
  /** ISO 3166-1 codes. */
  readonly countries?: readonly string[]
  /** Service rows beside `all`. */
  readonly services?: number
  /** Whether what became of addresses is known. */
  readonly isTold?: boolean
  readonly differing?: readonly string[]
  readonly names?: Partial<Record<'snapshot' | 'region' | 'service' | 'warning' | 'differing', string>>
}

/** Rows as a comparison has them, of changes that only the request decides. */
export async function syntheticRows({
  countries = ['JP'],
  services = 60,
  isTold = true,
  names = {},
}: SyntheticComparison = {}): Promise<ComparedRow[]> {
  const regions = await loadRegions()
  const catalogue = loadServices()
  const listed = ['all', ...catalogue.services.map(({ id }) => id).slice(0, services)]
  if (names.service !== undefined) listed[listed.length - 1] = names.service
  const rows = countries.flatMap((country) =>
    listed.flatMap((service, row) => {
      const codes = [...regions.regionsOf(country).map(({ code }) => code), 'unknown']
      const changes = codes.map((_, index) => changeOf(index, row))
      const told = (region: string, change: Change, isPlaced: boolean): Omit<ComparedRow, 'chance'> => {
        const cell = (kinds: readonly (keyof Change)[]): ComparedCell => {
          const of = (each: Change): number => each.stayed + kinds.reduce((sum, kind) => sum + each[kind], 0)
          const placed = changes.slice(0, -1).reduce((sum, each) => sum + of(each), 0)
          return { count: of(change), share: isPlaced ? of(change) / placed : undefined, rank: undefined, placed }
        }
        const [old, now] = [cell(losses), cell(gains)]
        const named = regions.region(region)
        return {
          country,
          region,
          regionName: (isPlaced ? names.region : undefined) ?? named?.name ?? '',
          regionNameLocal: named?.localName ?? '',
          service,
          old,
          new: now,
          difference: isTold ? now.count - old.count : undefined,
          shareRatio: undefined,
          flags: old.count < 10 ? ['small-count'] : [],
          change: isTold ? change : undefined,
        }
      }
      const total = Object.fromEntries(
        changeKinds.map((kind) => [kind, changes.reduce((sum, each) => sum + each[kind], 0)]),
      ) as Change
      return [
        told(country, total, false),
        ...codes.map((code, index) => told(code, changes[index] ?? noChange, code !== 'unknown')),
      ]
    }),
  )
  return withChance(rows)
}

/** Spread over regions, services and kinds by a linear congruence, so that every run has the same. */
const changeOf = (index: number, row: number): Change => {
  const spread = (kind: number): number => ((index * 7919 + row * 104_729 + kind * 31_337) % 97) / 97
  const size = 400 / (1 + row) / (1 + (index % 13))
  const changes = changeKinds.map((kind, each) => [kind, Math.floor(size * spread(each) ** 3)] as const)
  const change = Object.fromEntries(changes) as Record<(typeof changeKinds)[number], number>
  return { ...change, relabelled: Math.min(change.relabelled, change.stayed) }
}

/** Facts of comparison.html as a comparison would make them. */
export async function syntheticComparison(request: SyntheticComparison = {}): Promise<ComparisonFacts> {
  const catalogue = loadServices()
  const { names = {}, differing = [] } = request
  const rows = await syntheticRows(request)
  const side = {
    snapshot: names.snapshot ?? 'synthetic',
    source: 'shodan',
    basis: 'records',
    unit: 'addresses',
  } as const
  return {
    version: '0.0.0',
    old: { ...side, observed: { from: '2019-01-01T00:00:00Z', to: '2019-12-31T23:59:59Z' } },
    new: { ...side, observed: { from: '2020-01-01T00:00:00Z', to: '2020-12-31T23:59:59Z' } },
    differing: names.differing === undefined ? differing : [names.differing],
    warnings: names.warning === undefined ? [] : [{ kind: 'partial', snapshot: 'x', missing: names.warning }],
    ...comparisonViews(rows, (id) => catalogue.services.find((service) => service.id === id)?.title ?? ''),
  }
}
