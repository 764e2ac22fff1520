import type { Measure } from '../aggregate/denominated.ts'
import { openAddressDatabase } from '../locate/address-database.ts'
import { readDenominatorTable } from '../locate/denominator-table.ts'
import type { RegionTable } from '../locate/regions.ts'
import { denominators, tabledDenominators, type Denominator } from '../model/denominator.ts'
import { wrongInput } from '../model/errors.ts'
import type { Warning } from '../model/warning.ts'
import { addressBias } from '../reports/warnings.ts'
import type { CensusFacts } from '../store/censuses.ts'

export interface DenominatorRequest {
  /** Those asked for; rates by people are always there. */
  readonly denominators?: readonly string[]
  /** A table of the user's own. */
  readonly denominatorTable?: string
  readonly addressDatabase?: string
  readonly regions?: readonly string[]
}

/** Denominators to measure by. */
export interface Denominators {
  /** By which rates are printed. */
  readonly printed: Denominator
  /** Those beside people; counting addresses of a database takes seconds, and is done here. */
  measures(): Promise<Measure[]>
  /** What datapackage.json says of them. */
  facts(): object
}

/**
 * Looks at what was asked for before the work begins.
 * @returns undefined when nothing but people was asked for
 * @throws CensusError exit 2 for an unknown name, a table that is wrong or lacks a column, and for some regions alone
 */
export async function openDenominators(
  { denominators: asked, denominatorTable: path, addressDatabase, regions: only }: DenominatorRequest,
  regions: RegionTable,
): Promise<Denominators | undefined> {
  const unknown = asked?.find((name) => !denominators.some((known) => known === name))
  if (unknown !== undefined || asked?.length === 0)
    throw wrongInput(
      unknown === undefined ? '--denominator names none' : `there is no denominator ${JSON.stringify(unknown)}`,
      `there are: ${denominators.join(', ')}`,
    )
  const table = path === undefined ? undefined : await readDenominatorTable(path, regions)
  const named = denominators.filter((name) => name !== 'people' && asked?.includes(name))
  const lacking = tabledDenominators.find((name) => named.includes(name) && !table?.names.includes(name))
  if (lacking !== undefined)
    throw wrongInput(
      `nothing says how many ${lacking} regions have`,
      `name a table with the columns code,${lacking}: --denominator-table`,
    )
  if (named.length === 0) return undefined
  if (only !== undefined)
    throw wrongInput('denominators are compared by the ranks of all regions', 'leave out the regions, or --denominator')
  let edition: string | undefined
  const addresses = async (): Promise<Measure> => {
    const database = await openAddressDatabase({
      regions,
      ...(addressDatabase === undefined ? {} : { path: addressDatabase }),
    })
    edition = database.edition
    const counted = database.ipv4ByRegion()
    return { name: 'addresses', value: (region) => counted.get(region) }
  }
  const first = denominators.find((name) => name === asked?.[0])
  return {
    printed: first ?? 'people',
    measures: async () => {
      const found: Measure[] = []
      for (const name of named) {
        if (name === 'addresses') found.push(await addresses())
        else if (name !== 'people') found.push({ name, value: (region) => table?.value(name, region) })
      }
      return found
    },
    facts: () => ({
      ...(edition === undefined ? {} : { addresses: { database: edition, note: addressBias } }),
      ...(table === undefined ? {} : { table: { names: table.names.join(', '), sha256: table.hash } }),
    }),
  }
}

/** How far rates per address can be trusted; nothing where they were not asked for. */
export function addressesWarning(measures: readonly Measure[], census: CensusFacts | undefined): Warning[] {
  if (!measures.some(({ name }) => name === 'addresses')) return []
  const all = Object.values(census?.placedAddresses ?? {}).reduce((sum, each) => sum + (each ?? 0), 0)
  const byDatabase = census?.placedAddresses['address-database'] ?? 0
  return [{ kind: 'address-bias', placed: census && { byDatabase, all } }]
}
