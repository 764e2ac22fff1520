import { changeKinds, type Change } from '../model/change.ts'
import type { Flag } from '../model/flags.ts'
import { csvCell, csvLine, numberCell } from './csv.ts'

/** A side, as its columns say. */
export interface ComparedSource {
  readonly snapshot: string
  readonly source: string
  readonly basis: string
  readonly unit: string
}

interface Cell {
  readonly count: number
  readonly share: number | undefined
  readonly rank: number | undefined
}

export interface ComparisonLine {
  readonly country: string
  readonly region: string
  readonly regionName: string
  readonly regionNameLocal: string
  readonly service: string
  readonly old: Cell
  readonly new: Cell
  readonly difference: number | undefined
  readonly shareRatio: number | undefined
  readonly flags: readonly Flag[]
  readonly change: Change | undefined
  readonly chance: number | undefined
}

const ofSide = ['snapshot', 'source', 'basis', 'unit']
const ofCell = ['count', 'share', 'rank']
const sides = (names: readonly string[]): string[] =>
  ['old', 'new'].flatMap((side) => names.map((name) => `${side}_${name}`))

/** Columns of comparison-by-region.csv, in order. */
export const comparisonColumns = [
  ...sides(ofSide),
  'country',
  'region',
  'region_name',
  'region_name_local',
  'service',
  ...sides(ofCell),
  'difference',
  'share_ratio',
  'flags',
  ...changeKinds.map((kind) => kind.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  'chance',
]

/** A comparison as CSV: CRLF, a header row. */
export function comparisonCsv(old: ComparedSource, now: ComparedSource, rows: readonly ComparisonLine[]): string {
  const lead = [old, now].flatMap(({ snapshot, source, basis, unit }) => [snapshot, source, basis, unit]).map(csvCell)
  const lines = rows.map((row) => {
    const names = [row.country, row.region, row.regionName, row.regionNameLocal, row.service].map(csvCell)
    const cells = [row.old, row.new].flatMap(({ count, share, rank }) => [
      String(count),
      numberCell(share),
      numberCell(rank),
    ])
    const changes = changeKinds.map((kind) => numberCell(row.change?.[kind]))
    const ends = [
      numberCell(row.difference),
      numberCell(row.shareRatio),
      row.flags.join(';'),
      ...changes,
      numberCell(row.chance),
    ]
    return csvLine([...lead, ...names, ...cells, ...ends])
  })
  return csvLine(comparisonColumns) + lines.join('')
}
