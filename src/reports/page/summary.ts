import type { PageFacts, PageService, PageView } from '../../model/page.ts'
import type { Warning } from '../../model/warning.ts'
import { isRated } from './drawn.ts'
import { h, type Element } from './markup.ts'
import { decimal, whole } from './numbers.ts'
import { regionName, viewName, type Messages } from './words.ts'

/** The findings of the first view in sentences, and everything a reader must know before reading on. */
export function summary(words: Messages, { views: [view], missing, warnings }: PageFacts): Element {
  const [all] = view.services
  return h(
    'section',
    { 'aria-labelledby': 'summary' },
    h('h2', { id: 'summary' }, words.summary),
    notice(words.partial, missing),
    h('p', {}, sentences(words, view, all).join(words.code === 'ja' ? '' : ' ')),
    h('p', { class: 'note' }, words.chance),
    warningNotice(words, warnings),
  )
}

/** Sentences that a snapshot tells in English alone. */
export const notice = (title: string, lines: readonly string[], level?: 'h2'): Element | undefined =>
  noticeOf(
    title,
    lines.map((line) => h('li', { lang: 'en' }, line)),
    level,
  )

/** Warnings in the page's language, but for what a snapshot tells. */
export const warningNotice = (words: Messages, warnings: readonly Warning[]): Element | undefined =>
  noticeOf(
    words.warnings,
    warnings.map((each) =>
      each.kind === 'partial'
        ? h('li', {}, words.warning({ ...each, missing: '' }), h('span', { lang: 'en' }, each.missing))
        : h('li', {}, words.warning(each)),
    ),
  )

const noticeOf = (title: string, items: readonly Element[], level: 'h2' | 'h3' = 'h3'): Element | undefined =>
  items.length === 0 ? undefined : h('div', { class: 'notice' }, h(level, {}, title), h('ul', {}, ...items))

/** What there is to say of a service, sentence by sentence. */
export function sentences(words: Messages, view: PageView, { total, unknown, cells }: PageService): string[] {
  if (total.count === 0) return [words.summaryNone]
  const name = viewName(words, view)
  const isTold = total.count !== undefined && unknown.count !== undefined
  const counted = isTold
    ? words.summaryTotal({
        count: whole(total.count),
        unit: words.units[view.unit],
        name,
        placed: whole(total.count - unknown.count),
        share: share(total.count - unknown.count, total.count),
        unknown: whole(unknown.count),
      })
    : words.summaryHidden(name)
  if (view.isScopeLimited) return [counted, words.summaryScope]
  if (!isRated(view)) return [counted, words.summaryNoPopulation]
  const highest = view.regions
    .map((region, index) => ({ region, cell: cells[index] }))
    .filter(({ cell }) => cell?.rank !== undefined && cell.rank <= 3)
    .toSorted((a, b) => (a.cell?.rank ?? 0) - (b.cell?.rank ?? 0))
    .slice(0, 5)
    .map(({ region, cell }) =>
      words.rated(regionName(words, region), decimal(cell?.rate), decimal(cell?.low), decimal(cell?.high)),
    )
  const small = cells.filter((cell) => cell.flags.includes('small-count')).length
  return [
    counted,
    ...(total.rate === undefined
      ? []
      : [words.summaryRate(decimal(total.rate), decimal(total.low), decimal(total.high), String(view.populationYear))]),
    ...(highest.length === 0 ? [] : [words.summaryHighest(highest.join(words.join))]),
    ...(small === 0 ? [] : [words.summarySmall(whole(small), whole(cells.length))]),
  ]
}

/** A percentage that is 100 only where nothing is missing. */
const share = (part: number, all: number): string =>
  part === all ? '100' : String(Math.min(99.9, Math.round((part / all) * 1000) / 10))
