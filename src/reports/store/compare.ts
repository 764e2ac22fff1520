import { gains, losses, type Change } from '../../model/change.ts'
import type { ComparedSource, ComparisonLine } from '../comparison-csv.ts'
import { h, type Markup } from '../page/markup.ts'
import { whole } from '../page/numbers.ts'
import { regionName, serviceName } from '../page/words.ts'
import { asking, choice, dataTable, frame, link, notice } from './frame.ts'
import { creditList } from './place.ts'
import { pathTo, type Words } from './words.ts'

/** What a comparison's page asks for, as its address does. */
export type CompareAsked = Readonly<Record<'old' | 'new' | 'service' | 'country' | 'force', string>>

/** The rows of one country and service, old and new side by side; the difference address by address where it is known. */
export function comparePage(
  words: Words,
  asked: CompareAsked,
  [old, now]: readonly [ComparedSource, ComparedSource],
  rows: readonly ComparisonLine[],
  warnings: readonly string[],
  titleOf: (service: string) => string,
): string {
  const { page, store } = words
  const named = (id: string): string => serviceName(page, { id, title: titleOf(id) })
  const place = (code: string, name: string, localName: string): string =>
    code === 'unknown' || code === ''
      ? page.unknown
      : regionName(page, { code, name, localName, population: undefined })
  const totals = rows.filter(({ service, region, country }) => service === 'all' && region === country)
  const country = asked.country || (totals.toSorted((a, b) => b.new.count - a.new.count)[0]?.country ?? '')
  const service = asked.service || 'all'
  const mine = rows.filter((row) => row.country === country && row.service === service)
  const hasChange = mine.some(({ change }) => change !== undefined)
  const sum = (change: Change | undefined, kinds: typeof gains | typeof losses): number | undefined =>
    change && kinds.reduce((so, kind) => so + change[kind], 0)
  const percent = (share: number | undefined): string => (share === undefined ? '–' : (share * 100).toFixed(1))
  const line = (row: ComparisonLine): Markup[] => [
    row.region === row.country && row.region !== ''
      ? page.total
      : place(row.region, row.regionName, row.regionNameLocal),
    whole(row.old.count),
    whole(row.new.count),
    row.difference === undefined
      ? '–'
      : `${row.difference > 0 ? '+' : row.difference < 0 ? '−' : ''}${whole(Math.abs(row.difference))}`,
    percent(row.old.share),
    percent(row.new.share),
    ...(hasChange ? [whole(sum(row.change, gains)), whole(sum(row.change, losses)), whole(row.change?.stayed)] : []),
    row.flags.map((flag) => page.flags[flag]).join(page.join),
  ]
  const isTotal = (row: ComparisonLine): boolean => row.region === row.country || row.region === 'unknown'
  const side = (each: ComparedSource): string =>
    `${each.snapshot}, ${page.units[each.unit as keyof typeof page.units]} (${each.source})`
  return frame(
    {
      words,
      title: store.compared(old.snapshot, now.snapshot),
      way: [{ title: store.store, parts: [] }],
      here: { parts: ['compare'], query: queryOf(asked) },
    },
    h('p', {}, store.comparedUnits(side(old), side(now))),
    notice(page.warnings, warnings),
    asking(
      words,
      ['compare'],
      ...(['old', 'new', 'force'] as const).flatMap((name) =>
        asked[name] === '' ? [] : [h('input', { type: 'hidden', name, value: asked[name] })],
      ),
      choice(
        store.country,
        'country',
        totals.map((row) => ({ value: row.country, title: place(row.country, row.regionName, row.regionNameLocal) })),
        country,
      ),
      choice(
        page.chooseService,
        'service',
        [...new Set(rows.map((row) => row.service))].map((id) => ({ value: id, title: named(id) })),
        service,
      ),
    ),
    mine.length === 0
      ? h('p', {}, store.nothing)
      : dataTable(
          store.comparedCaption(named(service)),
          [
            { title: page.region },
            { title: store.compareOld },
            { title: store.compareNew },
            { title: store.difference },
            { title: store.oldShare },
            { title: store.newShare },
            ...(hasChange ? [{ title: store.appeared }, { title: store.disappeared }, { title: store.stayed }] : []),
            { title: page.notes, isText: true },
          ],
          mine.filter((row) => !isTotal(row)).map(line),
          mine.filter(isTotal).map(line),
        ),
    hasChange ? h('p', { class: 'note' }, store.comparedNote) : undefined,
    creditList(words, { credits: { populations: [], dbip: true }, views: [] }),
  )
}

const queryOf = (asked: CompareAsked): Record<string, string> =>
  Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ''))

/** Two snapshots that were not made in the same way: why, and the link that compares them all the same. */
export function refusedPage(words: Words, asked: CompareAsked, why: string, canForce: boolean): string {
  const { store } = words
  return frame(
    {
      words,
      title: store.compared(asked.old, asked.new),
      way: [{ title: store.store, parts: [] }],
      here: { parts: ['compare'], query: queryOf(asked) },
    },
    h('p', {}, store.refused, ' ', h('span', { lang: 'en' }, why), '.'),
    canForce
      ? h('p', {}, h('a', { href: pathTo(words, ['compare'], queryOf({ ...asked, force: '1' })) }, store.force))
      : h('p', {}, link(words, store.store, [])),
  )
}
