import type { PageFacts, PageView } from '../../model/page.ts'
import { h, type Element, type Markup } from './markup.ts'
import { hasMap, mapsDrawn } from './map.ts'
import { whole } from './numbers.ts'
import { heading, scrolled } from './tables.ts'
import type { Messages } from './words.ts'

/** Sources, method, limits, licences. */
export function about(words: Messages, facts: PageFacts): Element {
  const { observed, origins } = facts
  const pairs: readonly (readonly [string, string])[] = [
    [words.snapshot, facts.snapshot],
    [words.observed, observed.from === '' ? words.undated : words.period(second(observed.from), second(observed.to))],
    [words.basis, words.bases[facts.basis]],
    [words.version, `exposure-census ${facts.version}`],
  ]
  const caption = words.sourcesCaption
  return h(
    'section',
    { 'aria-labelledby': 'sources' },
    h('h2', { id: 'sources' }, words.sources),
    h('dl', {}, ...pairs.flatMap(([term, text]) => [h('dt', {}, term), h('dd', {}, text)])),
    origins.length === 0
      ? undefined
      : scrolled(
          caption,
          h(
            'table',
            {},
            h('caption', {}, caption),
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                ...[words.kind, words.name, words.detailColumn].map((head) => heading(head, true)),
                heading(words.records, false),
              ),
            ),
            h(
              'tbody',
              {},
              ...origins.map((origin) =>
                h(
                  'tr',
                  {},
                  h('td', { class: 'text' }, words.originKinds[origin.kind]),
                  h('th', { scope: 'row' }, origin.name),
                  h('td', { class: 'text' }, origin.detail),
                  h('td', {}, whole(origin.count)),
                ),
              ),
            ),
          ),
        ),
    h('h2', {}, words.method),
    h('ul', {}, ...[...words.methodItems, words.chance, ...words.limitItems].map((item) => h('li', {}, item))),
    h('h2', {}, words.credits),
    h('ul', {}, ...credits(words, facts).map((item) => h('li', {}, ...item))),
  )
}

/** A time without fractions of a second. */
const second = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 19)}`

/** Whom and what the licences of tables and maps shown want named, a line each. */
export function credits(
  words: Messages,
  { credits: given, views }: Pick<PageFacts, 'credits'> & { readonly views: readonly PageView[] },
): (readonly Markup[])[] {
  const maps = views.filter(hasMap)
  const link = (href: string, title: string): Element => h('a', { href, rel: 'noreferrer' }, title)
  return [
    ...given.populations.map(({ title, url }) => [`${words.creditPopulation} `, url === '' ? title : link(url, title)]),
    ...(given.dbip ? [[link('https://db-ip.com', words.creditDbip)]] : []),
    [words.creditGeonames],
    ...mapsDrawn(views).map((each) => [words.creditMap(each)]),
    ...(maps.some(({ country }) => country === '') ? [[words.creditWorld]] : []),
    ...(maps.length > 0 ? [[words.creditColours]] : []),
    [words.creditCharts],
  ]
}
