import type { RegionTable } from '../locate/regions.ts'
import { wrongInput } from '../model/errors.ts'
import type { Tally, Unit } from '../model/tally.ts'
import { findSnapshot } from '../store/snapshots.ts'
import type { CensusRequest } from './census.ts'
import { openFigures } from './figures.ts'
import { rowsContext, type RowsContext } from './report-rows.ts'

/** The snapshot's id in `SNAPSHOT/SOURCE`. */
export const snapshotOf = (name: string): string => name.split('/', 1)[0] ?? ''

/** A side of a comparison. Its figures are to be closed. */
export interface OpenSide {
  readonly context: RowsContext
  readonly source: Tally['source']
  /** The first is the one its report tells. */
  readonly units: readonly Unit[]
  /** What the figures are counted from. */
  readonly folder: string
}

/**
 * @param temporary a folder that may be made, for what does not fit in memory
 * @throws CensusError exit 2 for a snapshot or source that there is not
 */
export async function openSide(
  name: string,
  regions: RegionTable,
  request: CensusRequest & { readonly store: string },
  country: string | undefined,
  temporary: string,
): Promise<OpenSide> {
  const id = snapshotOf(name)
  const asked = name.includes('/') ? name.slice(id.length + 1) : undefined
  const snapshot = await findSnapshot(request.store, id)
  const figures = await openFigures(snapshot, regions, request, temporary)
  try {
    // Regions are left out when shares have been reckoned: they are of all.
    const context = await rowsContext(snapshot, figures, regions, country === undefined ? {} : { country })
    const source = figures.sources.find((each) => each === (asked ?? figures.shown[0]?.source))
    const names = figures.sources.map((each) => `${id}/${each}`).join(', ')
    if (source === undefined)
      throw wrongInput(`the snapshot ${id} has no source ${JSON.stringify(asked ?? '')}`, `name one of: ${names}`)
    if (asked === undefined && figures.shown.length > 1)
      throw wrongInput(`the snapshot ${id} has the counts of several sources`, `name one: ${names}`)
    const { unit } = figures.shown.find((each) => each.source === source) ?? { unit: 'addresses' }
    return { context, source, units: [...new Set([unit, ...figures.units(source)])], folder: figures.folder }
  } catch (error) {
    await figures.close()
    throw error
  }
}
