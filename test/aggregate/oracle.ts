import type { Tally } from '../../src/model/tally.ts'
import { breakdownKeys, type Breakdown } from '../../src/model/tally.ts'
import { flagBit } from '../../src/model/flags.ts'
import type { ServiceRow } from '../../src/aggregate/tallies.ts'
import type { Seen } from '../helpers/census.ts'

/*
 * The counting rules of CONTRACT.md once more, as plainly as can be: no SQL, no bit sets, one loop per rule.
 * `addresses`: distinct addresses among all exposed records of the cell. `endpoints`: distinct (ip, port, transport)
 * whose newest record is in the cell. `banners`: records after exact repeats are removed.
 */

type Cell = Pick<Tally, 'counts' | 'flags'>

const portOf = (seen: Seen): number => seen.port ?? 25
export const sourceOf = (seen: Seen): string => seen.source ?? 'shodan'
export const endpointOf = (seen: Seen): string => `${seen.ip} ${portOf(seen)} ${seen.transport ?? 'tcp'}`
export const isExposed = (seen: Seen): boolean =>
  ['answered', 'open'].includes(seen.outcome ?? 'answered') && seen.transport !== 'icmp'

/** Counts by `source|country|region|service row|keys…`. */
export function countNaively(
  records: readonly Seen[],
  rows: readonly ServiceRow[],
  breakdown: Breakdown,
): Map<string, Cell> {
  const kept = [
    ...new Map(
      records.map((seen) => [JSON.stringify(Object.entries(seen).toSorted(([a], [b]) => (a < b ? -1 : 1))), seen]),
    ).values(),
  ]
  const exposed = kept.filter(isExposed)
  const sources = [...new Set(kept.map(sourceOf))]
  const found = new Map<string, Cell>()
  for (const source of sources.length > 1 ? ['all', ...sources] : sources) {
    const ofSource = exposed.filter((seen) => source === 'all' || sourceOf(seen) === source)
    for (const row of rows) {
      const ofRow = ofSource.filter(
        (seen) => row.services === undefined || row.services.includes(seen.service ?? 'none'),
      )
      const cells = new Map<string, Seen[]>()
      for (const seen of ofRow) {
        const { country, region } = placeOf(seen.ip, kept)
        const key = [source, country, region, row.id, ...keysOf(seen, breakdown)].join('|')
        cells.set(key, [...(cells.get(key) ?? []), seen])
      }
      for (const [key, members] of cells) {
        found.set(key, {
          counts: {
            addresses: new Set(members.map((seen) => seen.ip)).size,
            endpoints: members.filter((seen) => speaks(seen, ofSource)).length,
            banners: members.length,
          },
          flags: members.reduce((bits, seen) => bits | flagsOf(seen, kept), 0),
        })
      }
    }
  }
  return found
}

/** Dated records beat undated ones; among equals any one may speak, but only one: the first of them here. */
export function speaks(seen: Seen, among: readonly Seen[]): boolean {
  const rivals = among.filter((other) => endpointOf(other) === endpointOf(seen))
  const newest = rivals.reduce((best, other) => ((other.observedAt ?? '') > (best.observedAt ?? '') ? other : best))
  return newest === seen
}

/** The newest record that tells a region, else the newest that tells a country; negatives tell too. */
export function placeOf(ip: string, kept: readonly Seen[]): { country: string; region: string } {
  const newestFirst = kept
    .filter((seen) => seen.ip === ip)
    .toSorted((a, b) => ((a.observedAt ?? '') < (b.observedAt ?? '') ? 1 : -1))
  const region = newestFirst.find((seen) => seen.region !== undefined)?.region
  if (region !== undefined) return { country: region.slice(0, 2), region }
  return { country: newestFirst.find((seen) => seen.country !== undefined)?.country ?? '', region: '' }
}

function keysOf(seen: Seen, breakdown: Breakdown): string[] {
  const cells: Record<string, string> = {
    vendor: seen.vendor ?? '',
    product: seen.product ?? '',
    version: seen.version ?? '',
    device_type: seen.deviceType ?? '',
    asn: String(seen.asn ?? ''),
    organisation: seen.organisation ?? '',
  }
  return breakdownKeys[breakdown].map((key) => cells[key] ?? '')
}

function flagsOf(seen: Seen, kept: readonly Seen[]): number {
  const ofHost = kept.filter((other) => other.ip === seen.ip && isExposed(other))
  const suspect = ofHost.some((other) => other.tags === 'honeypot') || new Set(ofHost.map(portOf)).size > 100
  return (
    (seen.outcome === 'open' ? flagBit('port-only') : 0) |
    (seen.observedAt === undefined ? flagBit('undated') : 0) |
    (suspect ? flagBit('suspect') : 0)
  )
}
