import type { Concentrated, Located } from '../model/findings.ts'
import type { ReportRow } from '../model/report-row.ts'
import { concentration } from '../statistics/concentration.ts'

interface Network {
  count: number
  organisation: string
  /** What its organisation with most has. */
  most: number
}

interface Place {
  readonly at: Located
  readonly networks: Map<string, Network>
  untold: number
}

/**
 * How concentrated each service is in each region, from the rows of exposure-by-network.csv as they pass by. Endpoints are
 * counted: each has one network, so that shares add up to 1.
 */
export interface ConcentrationGatherer {
  see(row: ReportRow): void
  found(): readonly Concentrated[]
}

export function gatherConcentrations(): ConcentrationGatherer {
  const found: Concentrated[] = []
  let places = new Map<string, Place>()
  let group = ''
  const finish = (): void => {
    for (const place of places.values()) found.push(...concentrated(place))
    places = new Map()
  }
  return {
    see: (row) => {
      if (row.unit !== 'endpoints') return
      // Rows of a service in a country follow one another: only its networks are held at a time.
      const next = `${row.source} ${row.country} ${row.service}`
      if (next !== group) finish()
      group = next
      const place = places.get(row.region) ?? { at: row, networks: new Map<string, Network>(), untold: 0 }
      places.set(row.region, place)
      const [asn = '', organisation = ''] = row.keys
      if (asn === '') {
        place.untold += row.count
        return
      }
      const network = place.networks.get(asn) ?? { count: 0, organisation: '', most: 0 }
      place.networks.set(asn, network)
      network.count += row.count
      if (row.count > network.most) Object.assign(network, { organisation, most: row.count })
    },
    found: () => {
      finish()
      return found
    },
  }
}

function concentrated({ at, networks, untold }: Place): Concentrated[] {
  const counts = [...networks.values()].map(({ count }) => count)
  const told = concentration(counts)
  if (told === undefined) return []
  // Of equally large ones the first by number.
  const [[asn, largest] = ['', undefined]] = [...networks].toSorted(
    ([a, one], [b, other]) => other.count - one.count || Number(a) - Number(b),
  )
  const count = counts.reduce((sum, each) => sum + each, 0)
  const { source, country, region, regionName, regionNameLocal, service, unit } = at
  return [
    {
      source,
      country,
      region,
      regionName,
      regionNameLocal,
      service,
      unit,
      count,
      untold,
      networks: told.holders,
      half: told.half,
      herfindahl: told.herfindahl,
      largest: { asn, organisation: largest?.organisation ?? '', share: (largest?.count ?? 0) / count },
    },
  ]
}
