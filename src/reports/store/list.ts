import type { StoreSnapshot } from '../../model/store-page.ts'
import type { Markup } from '../page/markup.ts'
import { h } from '../page/markup.ts'
import { whole } from '../page/numbers.ts'
import { day } from '../page/words.ts'
import { asking, choice, dataTable, frame, link, type Column } from './frame.ts'
import type { Words } from './words.ts'

/** All snapshots of a store, newest first, and what two of them can be compared with. */
export function listPage(words: Words, snapshots: readonly StoreSnapshot[]): string {
  const { store, page } = words
  const columns: Column[] = [
    { title: page.snapshot },
    { title: store.period, isText: true },
    { title: store.sources, isText: true },
    { title: store.basis, isText: true },
    { title: store.counted },
    { title: store.state, isText: true },
    { title: store.made, isText: true },
  ]
  const rows = snapshots.map((each): Markup[] => [
    link(words, each.id, ['snapshots', each.id]),
    periodOf(words, each),
    each.sources.join(', '),
    page.bases[each.basis],
    countsOf(words, each),
    each.missing.length === 0 ? store.complete : store.partial,
    second(each.createdAt),
  ])
  return frame(
    { words, title: store.store, here: { parts: [] } },
    snapshots.length === 0 ? h('p', {}, store.noSnapshot) : dataTable(store.listCaption, columns, rows),
    compareForm(words, snapshots),
  )
}

/** Asks for two snapshots, or two sources of one; the two newest are chosen at first. */
function compareForm(words: Words, snapshots: readonly StoreSnapshot[]): Markup | undefined {
  // Counts of several engines are compared one engine at a time.
  const options = snapshots
    .flatMap(({ id, counts }) => (counts.length > 1 ? counts.map(({ source }) => `${id}/${source}`) : [id]))
    .map((name) => ({ value: name, title: name }))
  if (options.length < 2) return undefined
  const { store } = words
  return h(
    'section',
    { 'aria-labelledby': 'compare' },
    h('h2', { id: 'compare' }, store.compare),
    asking(
      words,
      ['compare'],
      choice(store.compareOld, 'old', options, options[1]?.value ?? ''),
      choice(store.compareNew, 'new', options, options[0]?.value ?? ''),
    ),
  )
}

/** A time without fractions of a second. */
const second = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 19)}`

export function periodOf({ page }: Words, { observed: { from, to } }: StoreSnapshot): string {
  if (from === '') return page.undated
  return day(from) === day(to) ? day(from) : `${day(from)} – ${day(to)}`
}

export const countsOf = ({ page, store }: Words, { counts }: StoreSnapshot): string =>
  counts
    .map(({ source, unit, count }) =>
      [source, whole(count), unit === 'records' ? store.recordsUnit : page.units[unit]]
        .filter((each) => each !== '')
        .join(' '),
    )
    .join(page.join)
