import { wrongInput } from '../model/errors.ts'
import { mostSnapshots } from '../model/history.ts'
import { findSnapshot, listSnapshots, type Snapshot } from '../store/snapshots.ts'
import { seriesDifferences } from './method.ts'

export interface SeriesRequest {
  readonly store: string
  readonly snapshot?: string
  /** Snapshots of a series, in any order, instead of one. */
  readonly snapshots?: readonly string[]
  /** How many snapshots a series may have, the newest that were made in the same way; instead of naming them. */
  readonly history?: number
  /** Takes what was not made in the same way into a series all the same. */
  readonly isForced?: boolean
}

/** The snapshot a report is of, and those before it. */
export interface Series {
  readonly newest: Snapshot
  /** Oldest first; none where no series was asked for. */
  readonly earlier: readonly Snapshot[]
  /** In what they were not made in the same way, in words. */
  readonly differing: readonly string[]
}

/**
 * The snapshots a report is of, in the order of their observations: by the newest, then the oldest of each.
 * @throws CensusError exit 2 for a snapshot there is not, for snapshots that are no series, and, unless forced, for those
 *   that were not made in the same way
 */
export async function seriesOf(request: SeriesRequest): Promise<Series> {
  const { store, snapshots, history, isForced } = request
  if (snapshots !== undefined) return named(store, snapshots, isForced === true)
  const newest = await findSnapshot(store, request.snapshot)
  return { newest, earlier: history === undefined ? [] : await before(newest, store, history - 1), differing: [] }
}

async function named(store: string, ids: readonly string[], isForced: boolean): Promise<Series> {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) throw wrongInput(`--snapshots names ${twice} twice`, 'name each once')
  if (ids.length < 2 || ids.length > mostSnapshots)
    throw wrongInput(`--snapshots names ${ids.length}`, `a series has from 2 to ${mostSnapshots} snapshots`)
  const found: Snapshot[] = []
  for (const id of ids) found.push(await findSnapshot(store, id))
  const undated = found.find((each) => each.manifest.observed.to === '')
  if (undated !== undefined)
    throw wrongInput(
      `the snapshot ${undated.id} is undated: it has no place in a series`,
      'leave it out, or import its files again with --observed-at',
    )
  const ordered = found.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
  const same = ordered.find((each, index) => index > 0 && timeOf(each) === timeOf(ordered[index - 1] ?? each))
  if (same !== undefined) {
    const [first, second] = ordered.filter((each) => timeOf(each) === timeOf(same))
    throw wrongInput(
      `the snapshots ${first?.id} and ${second?.id} are of the same period: neither comes before the other`,
      'name one of them',
    )
  }
  const newest = ordered.at(-1)
  if (newest === undefined) throw new Error('a series of none')
  const earlier = ordered.slice(0, -1)
  const countries = new Set(ordered.flatMap(({ manifest }) => manifest.survey?.country ?? []))
  if (countries.size > 1)
    throw wrongInput(
      `the snapshots are surveys of several countries: ${[...countries].join(', ')}`,
      'name those of one country',
    )
  const differing = new Set<string>()
  for (const each of earlier) {
    const others = seriesDifferences(each, newest)
    if (others.length > 0 && !isForced)
      throw wrongInput(
        `the snapshots ${each.id} and ${newest.id} were not made in the same way: another ${others.join(', another ')}`,
        '--force puts them beside each other all the same, and flags every row',
      )
    for (const what of others) differing.add(what)
  }
  return { newest, earlier, differing: [...differing] }
}

/**
 * Up to so many snapshots before another, made in the same way, whole, dated and of periods of their own; of one period the
 * one made last.
 */
async function before(newest: Snapshot, store: string, most: number): Promise<Snapshot[]> {
  const country = newest.manifest.survey?.country
  const found = new Map<string, Snapshot>()
  for (const each of (await listSnapshots(store)).toSorted((a, b) => (madeOf(a) < madeOf(b) ? -1 : 1))) {
    const { manifest } = each
    if (!manifest.complete || manifest.observed.to === '' || timeOf(each) >= timeOf(newest)) continue
    if (manifest.survey?.country === country && seriesDifferences(each, newest).length === 0)
      found.set(timeOf(each), each)
  }
  return [...found.values()].toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).slice(-most)
}

/** When it was observed, in an order that goes by the text. */
const timeOf = ({ manifest: { observed } }: Snapshot): string => `${observed.to} ${observed.from}`

const madeOf = ({ id, manifest: { createdAt } }: Snapshot): string => `${createdAt} ${id}`
