import { gains, losses, type Change, type ChangeKind } from '../model/change.ts'
import type { ComparedSource, ComparisonLine } from './comparison-table.ts'
import { fit, grouped, printable, table } from './text.ts'

const mostRows = 15
/** Fewer than these are few by chance. */
const enough = 10

/** A comparison in a terminal of 80 columns: where the two disagree most of how much of a country is in a region. */
export function comparisonLines(old: ComparedSource, now: ComparedSource, rows: readonly ComparisonLine[]): string[] {
  const side = ({ snapshot, source, basis, unit }: ComparedSource): string =>
    `${fit(printable(snapshot), 30)}: ${unit} of ${source} (${basis})`
  const apart = ({ old: before, new: after }: ComparisonLine): number =>
    Math.abs((after.share ?? 0) - (before.share ?? 0))
  const regions = rows.filter((row) => row.old.share !== undefined && row.new.share !== undefined)
  const most = regions
    .filter((row) => Math.max(row.old.count, row.new.count) >= enough && apart(row) > 0)
    .toSorted((a, b) => apart(b) - apart(a) || (a.region < b.region ? -1 : 1))
    .slice(0, mostRows)
  const totals = rows.filter((row) => row.service === 'all' && row.region === row.country)
  return [
    `Old: ${side(old)}`,
    `New: ${side(now)}`,
    ...totals.map(
      (row) => `${row.regionName || row.country}: ${grouped(row.old.count)}, and ${grouped(row.new.count)}.`,
    ),
    ...changeLines(rows),
    '',
    ...(regions.length === 0
      ? ['In no country do both have anything in regions.']
      : most.length === 0
        ? ['No region of 10 or more has another share in the one than in the other.']
        : [
            'Where the shares of a country are most apart:',
            ...table(
              [
                { title: 'Service', align: 'left', maxWidth: 16 },
                { title: 'Region', align: 'left', maxWidth: 20 },
                { title: 'Old', align: 'right' },
                { title: 'share', align: 'right' },
                { title: 'New', align: 'right' },
                { title: 'share', align: 'right' },
              ],
              most.map((row) => [
                row.service,
                [row.regionName, row.regionNameLocal].filter((name) => name !== '').join(' ') || row.region,
                grouped(row.old.count),
                percent(row.old.share),
                grouped(row.new.count),
                percent(row.new.share),
              ]),
            ),
          ]),
  ]
}

const percent = (share: number | undefined): string => (share === undefined ? '-' : `${(100 * share).toFixed(1)} %`)

/** What became of the addresses of countries, of the services that changed most. */
function changeLines(rows: readonly ComparisonLine[]): string[] {
  const told = rows.flatMap(({ service, region, country, change }) =>
    region === country && country !== '' && change !== undefined ? [{ service, country, change }] : [],
  )
  const changed = ({ change }: { readonly change: Change }): number => sum(change, [...gains, ...losses])
  const most = told
    .filter((row) => changed(row) > 0)
    .toSorted((a, b) => changed(b) - changed(a))
    .slice(0, mostRows)
  if (most.length === 0) return told.length === 0 ? [] : ['', 'In every country, all addresses stayed.']
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' })
  return [
    '',
    'What became of addresses:',
    ...table(
      [
        { title: 'Service', align: 'left', maxWidth: 16 },
        { title: 'In', align: 'left' },
        ...['Old', 'gone', 'came', 'moved', 'not looked for', 'New'].map(right),
      ],
      most.map(({ service, country, change }) => [
        service,
        country,
        grouped(change.stayed + sum(change, losses)),
        grouped(sum(change, ['gone', 'closed', 'vanished'])),
        grouped(sum(change, ['new', 'opened', 'appeared'])),
        signed(sum(change, ['movedIn', 'rePlacedIn']) - sum(change, ['movedOut', 'rePlacedOut'])),
        signed(change.coverageGained - change.coverageLost),
        grouped(change.stayed + sum(change, gains)),
      ]),
    ),
  ]
}

const sum = (change: Change, kinds: readonly ChangeKind[]): number =>
  kinds.reduce((total, kind) => total + change[kind], 0)

const signed = (value: number): string => `${value > 0 ? '+' : value < 0 ? '-' : ''}${grouped(Math.abs(value))}`
