import { noChange, type Change, type ChangeKind } from '../../src/model/change.ts'
import type { ServiceRow } from '../../src/aggregate/tallies.ts'
import type { Seen } from '../helpers/census.ts'
import { endpointOf, isExposed, placeOf, sourceOf, speaks } from './oracle.ts'

/* The rules of docs/method.md once more, an address at a time. */

export interface NaiveQuestion {
  readonly source: string | undefined
  readonly surveyed: string | undefined
  /** What today's tables make of a region; old records are counted as they were decided then. */
  readonly today: (region: string) => string
}

type Place = ReturnType<typeof placeOf>

/** Regions and countries are counted alike. A total of no country is no row. */
const levels: readonly ((place: Place) => string | undefined)[] = [
  ({ country, region }) => `${country}|${region || 'unknown'}`,
  ({ country }) => (country === '' ? undefined : `${country}|${country}`),
]

/** Changes by `country|region|service row`. */
export function changesNaively(
  old: readonly Seen[],
  now: readonly Seen[],
  rows: readonly ServiceRow[],
  { source, surveyed, today }: NaiveQuestion,
): Record<string, Change> {
  const found: Record<string, Change> = {}
  const add = (place: string | undefined, row: ServiceRow, kind: ChangeKind): void => {
    if (place === undefined) return
    const so = found[`${place}|${row.id}`] ?? noChange
    found[`${place}|${row.id}`] = { ...so, [kind]: so[kind] + 1 }
  }
  const mine = (records: readonly Seen[]): Seen[] =>
    records.filter((seen) => source === undefined || sourceOf(seen) === source)
  const todays = ({ country, region }: Place): Place => ({ country, region: today(region) })
  const [before, after] = [mine(old), mine(now)]

  /** What became of an address that only `these` have in the row: new, opened, appeared or coverage, as a number. */
  const fate = (these: readonly Seen[], country: string, others: readonly Seen[], all: readonly Seen[]): number => {
    const ofHost = others.filter((other) => other.ip === these[0]?.ip)
    if (these.some((seen) => ofHost.some((other) => endpointOf(other) === endpointOf(seen)))) return 1
    const isTried = these.some(({ service }) =>
      source === 'probe'
        ? ofHost.some((other) => other.service === service)
        : others.some((other) =>
            isExposed(other)
              ? other.service === service && placeOf(other.ip, all).country === country
              : isNegative(other) &&
                others.some((named) => named.service === service && doorOf(named) === doorOf(other)),
          ),
    )
    if (!isTried && country !== surveyed) return 3
    return ofHost.length > 0 ? 2 : 0
  }

  for (const address of new Set([...before, ...after].map((seen) => seen.ip))) {
    const [was, is] = [placeOf(address, old), todays(placeOf(address, now))]
    const again = todays(was)
    for (const row of rows) {
      const having = (records: readonly Seen[]): Seen[] =>
        records.filter(
          (seen) => seen.ip === address && isExposed(seen) && (row.services?.includes(seen.service ?? '') ?? true),
        )
      const [left, right] = [having(before), having(after)]
      if (left.length > 0 && right.length > 0) {
        const isRelabelled = left.some(({ service }) => {
          const [one, other] = [products(left, before, service), products(right, after, service)]
          return one !== '' && other !== '' && one !== other
        })
        for (const level of levels) {
          if (level(was) === level(is)) {
            add(level(was), row, 'stayed')
            if (isRelabelled) add(level(was), row, 'relabelled')
          } else {
            const isByTables = level(again) === level(is)
            add(level(was), row, isByTables ? 'rePlacedOut' : 'movedOut')
            add(level(is), row, isByTables ? 'rePlacedIn' : 'movedIn')
          }
        }
      } else if (left.length > 0) {
        const kind = (['gone', 'closed', 'vanished', 'coverageLost'] as const)[fate(left, was.country, after, now)]
        for (const level of levels) add(level(was), row, kind ?? 'gone')
      } else if (right.length > 0) {
        const kind = (['new', 'opened', 'appeared', 'coverageGained'] as const)[fate(right, is.country, before, old)]
        for (const level of levels) add(level(is), row, kind ?? 'new')
      }
    }
  }
  return found
}

/** An echo reply is nothing of a service. */
const isNegative = ({ outcome }: Seen): boolean => outcome !== undefined && !['answered', 'open'].includes(outcome)
const doorOf = (seen: Seen): string => endpointOf({ ...seen, ip: '' })

/** What an address's newest records of a service tell of its product. */
function products(records: readonly Seen[], all: readonly Seen[], service: string | undefined): string {
  const exposed = all.filter(isExposed)
  const told = records.filter((seen) => seen.service === service && seen.product !== undefined && speaks(seen, exposed))
  return [...new Set(told.map((seen) => `${seen.vendor ?? ''} ${seen.product ?? ''}`))].toSorted().join('|')
}
