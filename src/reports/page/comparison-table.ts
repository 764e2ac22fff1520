import { changeKinds } from '../../model/change.ts'
import type { ComparisonCell, ComparisonService, ComparisonView } from '../../model/comparison-page.ts'
import type { ComparisonMessages } from './comparison-en.ts'
import { h, type Element } from './markup.ts'
import { decimal, rounded, signed, whole } from './numbers.ts'
import { scrolled, heading } from './tables.ts'
import { otherName, regionName, type Messages } from './words.ts'

/** Whether what became of addresses is known of a service. */
export const isTold = (service: ComparisonService): boolean => service.total.change !== undefined

/** Cells of a row after the names, in every row of a page alike. */
export const cellTexts = (words: Messages, cell: ComparisonCell, isChangeTold: boolean): string[] => [
  whole(cell.old),
  whole(cell.new),
  signed(cell.difference),
  ...(isChangeTold ? changeKinds.map((kind) => whole(cell.change?.[kind])) : []),
  percent(cell.oldShare),
  percent(cell.newShare),
  decimal(cell.chance && rounded(cell.chance)),
  cell.flags.map((flag) => words.flags[flag]).join(words.join),
]

const percent = (share: number | undefined): string => decimal(share && 100 * share)

/** Rows of a service: regions, `unknown` and the total. */
export const rowsOf = ({ cells, unknown, total }: ComparisonService): ComparisonCell[] => [...cells, unknown, total]

/** All figures of one service, a row for each region. The page's script fills it for another one. */
export function comparisonTable(
  words: Messages,
  own: ComparisonMessages,
  view: ComparisonView,
  service: ComparisonService,
  caption: string,
): Element {
  const isChangeTold = isTold(service)
  const heads = [
    own.old,
    own.new,
    own.difference,
    ...(isChangeTold ? changeKinds.map((kind) => own.kinds[kind]) : []),
    own.oldShare,
    own.newShare,
    own.chance,
  ]
  const cells = (cell: ComparisonCell): Element[] =>
    cellTexts(words, cell, isChangeTold).map((text, index) =>
      h('td', { class: index === heads.length ? 'text' : undefined }, text),
    )
  const rows = view.regions.map((region, index) => {
    const named = { ...region, population: undefined }
    return h(
      'tr',
      { 'data-i': index },
      h('th', { scope: 'row', title: region.code }, regionName(words, named)),
      h('td', { class: 'text' }, h('bdi', {}, otherName(words, named))),
      ...cells(service.cells[index] ?? service.unknown),
    )
  })
  const ends = [
    [words.unknown, service.unknown],
    [words.total, service.total],
  ] as const
  return scrolled(
    caption,
    h(
      'table',
      { class: isChangeTold ? 'wide' : undefined, 'data-detail': '' },
      h('caption', {}, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heading(words.region, true),
          heading(words.regionLocal, true),
          ...heads.map((head) => heading(head, false)),
          heading(words.notes, true),
        ),
      ),
      h('tbody', {}, ...rows),
      h(
        'tfoot',
        {},
        ...ends.map(([title, cell], index) =>
          h('tr', { 'data-i': view.regions.length + index }, h('th', { scope: 'row' }, title), h('td'), ...cells(cell)),
        ),
      ),
    ),
  )
}
