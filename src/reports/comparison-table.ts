import { changeKinds, type Change } from '../model/change.ts'
import type { Flag } from '../model/flags.ts'
import type { Table, Value } from '../model/table.ts'
import { columnsOf } from './fields.ts'

export const comparisonFile = 'comparison-by-region.csv'

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

const ofSide = ['snapshot', 'source', 'basis', 'unit'] as const
const ofCell = ['count', 'share', 'rank'] as const
const sides = (names: readonly string[]): string[] =>
  ['old', 'new'].flatMap((side) => names.map((name) => `${side}_${name}`))

/** A comparison as a table. */
export function comparisonTable(old: ComparedSource, now: ComparedSource): Table<ComparisonLine> {
  const lead: readonly Value[] = [old, now].flatMap((side) => ofSide.map((name) => side[name]))
  return {
    stem: comparisonFile.replace('.csv', ''),
    columns: columnsOf([
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
    ]),
    row: (each) => [
      lead,
      [each.country, each.region, each.regionName, each.regionNameLocal, each.service],
      [each.old, each.new].flatMap((cell) => ofCell.map((name) => cell[name])),
      [each.difference, each.shareRatio, each.flags.join(';')],
      [...changeKinds.map((kind) => each.change?.[kind]), each.chance],
    ],
  }
}
